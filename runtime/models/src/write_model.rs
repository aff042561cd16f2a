//! The writer of networks with their tokenizers.

use crate::{FormatError, huggingface, save_tokenizer_in};
use rlhf_core::model::Architecture;
use rlhf_core::model::tokenizer::{AnyTokenizer, Tokenizer};
use std::path::Path;

/// Writes a network as a Hugging Face folder, and the tokenizer beside it by [`save_tokenizer_in`].
/// `weights` are in the order of [`Architecture::tensors`].
///
/// # Errors
/// [`FormatError`] names the file.
pub fn save_model(
    folder: &Path,
    architecture: &Architecture,
    weights: &[f32],
    tokenizer: &AnyTokenizer,
) -> Result<(), FormatError> {
    huggingface::save(folder, architecture, weights, &tokenizer.ends())?;
    save_tokenizer_in(folder, tokenizer)
}
