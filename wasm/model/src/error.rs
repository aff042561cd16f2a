//! Errors.

use rlhf_core::model::tokenizer::TokenizerError;

/// The reason why a file was not written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The model was not trained or saved.
    #[error(transparent)]
    Model(#[from] rlhf::Error),
    /// The words of the stories are no vocabulary.
    #[error(transparent)]
    Words(#[from] TokenizerError),
    /// A file could not be read or written.
    #[error("{0}; check that the folder can be written to")]
    File(#[from] std::io::Error),
    /// Weights could not be packed.
    #[error("model.safetensors: {0}")]
    Weights(#[from] safetensors::SafeTensorError),
    /// A list could not be written as JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}
