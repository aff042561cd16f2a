//! A trained network as files, and the name of its weights.

use super::{FormatError, huggingface, save_tokenizer};
use crate::engine::Model;
use rlhf_core::model::tokenizer::{AnyTokenizer, Tokenizer};
use sha2::{Digest, Sha256};
use std::path::Path;

/// Writes a Hugging Face folder, and the tokenizer beside it as `tokenizer.rlhf`.
///
/// # Errors
/// [`FormatError`] names the file.
pub fn save_model(folder: &Path, model: &Model, tokenizer: &AnyTokenizer) -> Result<(), FormatError> {
    let weights = model.weights().map_err(|e| FormatError::engine(folder, e))?;
    huggingface::save(folder, model.architecture(), &weights, tokenizer.eos())?;
    save_tokenizer(&folder.join("tokenizer.rlhf"), tokenizer)
}

/// SHA-256 of weights as little-endian f32, in the order of
/// [`Architecture::tensors`](rlhf_core::model::Architecture::tensors), in hexadecimal.
pub fn weights_sha256(weights: &[f32]) -> String {
    let mut hash = Sha256::new();
    weights.iter().for_each(|w| hash.update(w.to_le_bytes()));
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
