//! Errors of networks in files.

use super::EngineError;
use core::fmt;
use rlhf_models::FormatError;

/// A network that cannot be read from, or written to, its files.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// A file cannot be read or written.
    #[error("{0}")]
    File(#[from] FormatError),
    /// The network cannot be put on its device, or be fetched from it.
    #[error("{0}")]
    Engine(#[from] EngineError),
}

/// The message, as it is displayed: a program whose `main` returns the error ends with what went wrong and what to do.
impl fmt::Debug for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
