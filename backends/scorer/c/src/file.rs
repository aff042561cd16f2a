//! A model file in memory.

use scorer::{Buffer, Error, Model};

self_cell::self_cell!(
    /// A file's bytes with the model that borrows them, so that they are checked once.
    struct Cell {
        owner: Buffer,
        #[covariant]
        dependent: Model,
    }
);

/// A model file that was checked.
pub struct File(Cell);

impl File {
    /// Copies a file and checks it.
    pub fn open(bytes: &[u8]) -> Result<Self, Error> {
        Cell::try_new(Buffer::from(bytes), |bytes| Model::new(bytes)).map(Self)
    }

    /// Returns the model.
    pub fn model(&self) -> Model<'_> {
        *self.0.borrow_dependent()
    }
}
