//! A model file in memory, and memory to score in.

use scorer::{Buffer, Error, Model, ModelFile, Scorer, arena_bytes};
use std::sync::{Mutex, PoisonError};

/// A reward model that several threads score with.
pub struct SharedModel {
    file: ModelFile,
    context: usize,
    /// Arenas that no call uses: there come to be as many as calls at a time.
    arenas: Mutex<Vec<Buffer>>,
}

impl SharedModel {
    /// Opens a file for texts of at most `context` tokens, or as long as the model reads.
    pub fn open(bytes: Buffer, context: Option<usize>) -> Result<Self, Error> {
        let file = ModelFile::new(bytes)?;
        let most = file.model().shape().context as usize;
        let context = context.unwrap_or(most);
        if context > most {
            return Err(Error::Context { want: context, context: most });
        }
        Ok(Self { file, context, arenas: Mutex::default() })
    }

    /// Returns the longest text in tokens.
    pub fn context(&self) -> usize {
        self.context
    }

    /// Returns the model.
    pub fn model(&self) -> Model<'_> {
        self.file.model()
    }

    /// Calls with a scorer whose arena nobody else uses meanwhile.
    pub fn with<T>(&self, f: impl FnOnce(&mut Scorer<'_, '_>) -> Result<T, Error>) -> Result<T, Error> {
        let model = self.model();
        let free = self.arenas.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut arena = free.unwrap_or_else(|| Buffer::zeros(arena_bytes(&model.shape(), self.context)));
        let result = f(&mut Scorer::of(model, self.context, &mut arena)?);
        self.arenas.lock().unwrap_or_else(PoisonError::into_inner).push(arena);
        result
    }
}
