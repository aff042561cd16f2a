//! What a run leaves behind.

use super::{RunError, Summary};
use crate::formats::{FormatError, huggingface, save_tokenizer, write_whole};
use rlhf_core::model::tokenizer::{AnyTokenizer, Tokenizer};
use rlhf_cpu::Model;
use sha2::{Digest, Sha256};
use std::path::Path;

/// A Hugging Face folder with its tokenizer.
pub(super) fn model(folder: &Path, model: &Model, tokenizer: &AnyTokenizer) -> Result<(), RunError> {
    huggingface::save(folder, model.architecture(), model.weights(), tokenizer.eos())?;
    save_tokenizer(&folder.join("tokenizer.rlhf"), tokenizer)?;
    Ok(())
}

/// `summary.json`.
pub(super) fn summary(folder: &Path, summary: &Summary) -> Result<(), RunError> {
    let path = folder.join("summary.json");
    let text = serde_json::to_string_pretty(summary)
        .map_err(|e| FormatError::content(&path, "summary", e.to_string()))?;
    Ok(write_whole(&path, (text + "\n").as_bytes())?)
}

/// SHA-256 of the weights as little-endian f32, in the order of the architecture's tensors.
pub(super) fn sha256(model: &Model) -> String {
    let mut hash = Sha256::new();
    model.weights().iter().for_each(|w| hash.update(w.to_le_bytes()));
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
