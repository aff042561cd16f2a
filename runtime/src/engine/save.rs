//! The writer of networks.

use super::{FileError, Model};
use rlhf_core::model::tokenizer::AnyTokenizer;
use rlhf_models::save_model;
use std::path::Path;

impl Model {
    /// Writes the network as a Hugging Face folder, and the tokenizer beside it: as `tokenizer.rlhf`, and as the Hugging Face
    /// files that it came from, if it did.
    ///
    /// # Errors
    /// [`FileError`] names the file.
    pub fn save(&self, folder: &Path, tokenizer: &AnyTokenizer) -> Result<(), FileError> {
        Ok(save_model(folder, self.architecture(), &self.weights()?, tokenizer)?)
    }
}
