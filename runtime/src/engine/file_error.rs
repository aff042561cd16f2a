//! Errors of networks in files.

use super::EngineError;
use core::fmt;
use rlhf_models::FormatError;

/// A network that cannot be read from, or written to, its files.
#[derive(Debug)]
#[non_exhaustive]
pub enum FileError {
    /// A file.
    File(FormatError),
    /// The network cannot be put on its device, or be fetched from it.
    Engine(EngineError),
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(error) => error.fmt(f),
            Self::Engine(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for FileError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::File(error) => Some(error),
            Self::Engine(error) => Some(error),
        }
    }
}

impl From<FormatError> for FileError {
    fn from(error: FormatError) -> Self {
        Self::File(error)
    }
}

impl From<EngineError> for FileError {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}
