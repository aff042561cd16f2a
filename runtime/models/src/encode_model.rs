//! Networks with their tokenizers as bytes, where there are no files.

use crate::tensor_views::{about, tensor_views};
use crate::vocabulary::{OWN, encode_tokenizer};
use crate::{FormatError, huggingface};
use rlhf_core::model::Architecture;
use rlhf_core::model::tokenizer::{AnyTokenizer, Tokenizer};
use std::path::Path;

/// Returns the files of a Hugging Face folder with the tokenizer beside the network, by name: what
/// [`Files::memory`](crate::Files::memory) takes. `weights` are in the order of [`Architecture::tensors`].
///
/// # Errors
/// The network cannot exist, or `weights` do not fit it.
pub fn encode_model(
    architecture: &Architecture,
    weights: &[f32],
    tokenizer: &AnyTokenizer,
) -> Result<Vec<(String, Vec<u8>)>, FormatError> {
    let [config, model, own] = ["config.json", "model.safetensors", OWN].map(String::from);
    let path = Path::new(&model);
    let views = tensor_views(path, architecture, weights)?;
    let tensors = ::safetensors::tensor::serialize(views, about())
        .map_err(|e| FormatError::content(path, "writing", e.to_string()))?;
    let tokens = encode_tokenizer(Path::new(&own), tokenizer)?;
    let text = huggingface::configuration(architecture, &tokenizer.ends());
    Ok(vec![(config, text.into_bytes()), (model, tensors), (own, tokens)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Files, tokenizer_in};
    use rlhf_core::model::tokenizer::Bytes;

    #[test]
    fn what_is_encoded_is_what_is_opened() {
        let architecture = Architecture::gpt2(Bytes.vocabulary(), 32, 8, 1, 2);
        let weights: Vec<f32> = (0..architecture.parameters()).map(|i| i as f32 * 1e-3).collect();
        let files = Files::memory(encode_model(&architecture, &weights, &Bytes.into()).unwrap());
        let opened = huggingface::open(&files).unwrap();
        assert_eq!(opened.architecture, architecture);
        assert_eq!(opened.weights(&architecture).unwrap().0, weights);
        assert_eq!(tokenizer_in(&files).unwrap(), Bytes.into());
        assert!(encode_model(&architecture, &weights[1..], &Bytes.into()).is_err());
    }
}
