//! A model file in memory.

use crate::{Buffer, Error, Model};

self_cell::self_cell!(
    struct Cell {
        owner: Buffer,
        #[covariant]
        dependent: Model,
    }

    impl {Debug}
);

/// A model file in memory of its own, which is checked once. Threads may share it, each with a [`Scorer`](crate::Scorer) and an
/// arena of its own.
///
/// ```
/// use rlhf_scorer::{Buffer, ModelFile, Scorer, arena_bytes};
/// # let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tiny.rlhf");
/// let file = ModelFile::new(Buffer::from(&std::fs::read(path)?[..]))?;
/// let mut arena = Buffer::zeros(arena_bytes(&file.model().shape(), 64));
/// let score = Scorer::of(file.model(), 64, &mut arena)?.score("Thank you.")?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct ModelFile(Cell);

impl ModelFile {
    /// Checks a file.
    ///
    /// # Errors
    /// Those of [`Model::new`].
    pub fn new(bytes: Buffer) -> Result<Self, Error> {
        Cell::try_new(bytes, |bytes| Model::new(bytes)).map(Self)
    }

    /// Returns the model.
    pub fn model(&self) -> Model<'_> {
        *self.0.borrow_dependent()
    }
}
