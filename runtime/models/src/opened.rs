//! A model file that was opened.

use crate::FormatError;
use rlhf_core::model::{Architecture, Checkpoint, flat};
use std::path::PathBuf;

/// A model file that has been opened and understood, its weights not yet read.
pub struct Opened {
    /// Where it is.
    pub path: PathBuf,
    /// The network that it holds. Its dropout is 0: that is the trainer's choice.
    pub architecture: Architecture,
    /// Its tensors, under Hugging Face's names.
    pub checkpoint: Box<dyn Checkpoint>,
}

impl Opened {
    /// The weights for `architecture`, usually [`Self::architecture`] or the same
    /// [`Architecture::with_scalar`], and the tensors that the file does not hold; see
    /// [`rlhf_core::model::flat`].
    ///
    /// # Errors
    /// Names the file and the tensor.
    pub fn weights(&self, architecture: &Architecture) -> Result<(Vec<f32>, Vec<String>), FormatError> {
        flat(architecture, self.checkpoint.as_ref())
            .map_err(|error| FormatError::checkpoint(&self.path, error))
    }
}
