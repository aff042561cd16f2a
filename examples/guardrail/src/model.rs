//! The model file that all workers read.

use crate::StartError;
use rlhf_scorer::{Buffer, Error, ModelFile, Scorer, arena_bytes_with_rows};
use std::path::Path;

/// Rows of a product that a worker computes side by side.
const ROWS: usize = 48;

/// A reward model that was checked: it scores texts.
#[derive(Debug)]
pub struct RewardModel {
    file: ModelFile,
    context: usize,
}

impl RewardModel {
    /// Opens a model file for texts of at most `context` tokens, or as long as the model reads, and scores one.
    ///
    /// # Errors
    /// The file cannot be read, is damaged, has no tokenizer or reads fewer tokens; its weights mean nothing.
    pub fn open(path: &Path, context: Option<usize>) -> Result<Self, StartError> {
        let bytes = std::fs::read(path).map_err(|error| StartError::Read { path: path.into(), error })?;
        Self::of(&bytes, context).map_err(|error| StartError::Model { path: path.into(), error })
    }

    fn of(bytes: &[u8], context: Option<usize>) -> Result<Self, Error> {
        let file = ModelFile::new(Buffer::from(bytes))?;
        let most = file.model().shape().context as usize;
        let context = context.unwrap_or(most);
        if context > most {
            return Err(Error::Context { want: context, context: most });
        }
        if !file.model().reads_text() {
            return Err(Error::NoTokenizer);
        }
        let opened = Self { file, context };
        opened.with_scorer(|scorer| scorer.score("a"))??;
        Ok(opened)
    }

    /// Calls `f` with a scorer and memory of its own.
    ///
    /// # Errors
    /// None, where [`Self::open`] gave none.
    pub fn with_scorer<T>(&self, f: impl FnOnce(&mut Scorer<'_, '_>) -> T) -> Result<T, Error> {
        let model = self.file.model();
        let mut arena = Buffer::zeros(arena_bytes_with_rows(&model.shape(), self.context, ROWS));
        Ok(f(&mut Scorer::of(model, self.context, &mut arena)?))
    }

    /// Returns the longest text, in tokens.
    pub fn context(&self) -> usize {
        self.context
    }
}
