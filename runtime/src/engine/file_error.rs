//! Errors of networks in files.

use super::EngineError;
use rlhf_models::FormatError;

/// A network that cannot be read from, or written to, its files.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// A file cannot be read or written.
    #[error("{0}")]
    File(#[from] FormatError),
    /// The network cannot be put on its device, or be fetched from it.
    #[error("{0}")]
    Engine(#[from] EngineError),
}
