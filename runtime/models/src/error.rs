//! Why a file does not serve.

use core::fmt;
use rlhf_core::model::CheckpointError;
use rlhf_core::model::tokenizer::TokenizerError;
use std::io;
use std::path::{Path, PathBuf};

/// A file that cannot be read or written, or that holds something else than it should.
#[derive(Debug)]
pub struct FormatError {
    path: PathBuf,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Io(io::Error),
    Content { place: String, reason: String },
    Checkpoint(CheckpointError),
    Tokenizer(TokenizerError),
}

impl FormatError {
    /// The system refused.
    pub fn io(path: &Path, error: io::Error) -> Self {
        Self { path: path.into(), kind: Kind::Io(error) }
    }

    /// The content is wrong at `place`: a line, a field.
    pub fn content(path: &Path, place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { path: path.into(), kind: Kind::Content { place: place.into(), reason: reason.into() } }
    }

    /// The tensors do not serve.
    pub fn checkpoint(path: &Path, error: CheckpointError) -> Self {
        Self { path: path.into(), kind: Kind::Checkpoint(error) }
    }

    /// The vocabulary does not serve.
    pub fn tokenizer(path: &Path, error: TokenizerError) -> Self {
        Self { path: path.into(), kind: Kind::Tokenizer(error) }
    }

    /// What is wrong, without the file's name.
    pub fn reason(&self) -> String {
        match &self.kind {
            Kind::Io(error) => error.to_string(),
            Kind::Content { place, reason } => format!("{place}: {reason}"),
            Kind::Checkpoint(error) => error.to_string(),
            Kind::Tokenizer(error) => error.to_string(),
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, reason) = (self.path.display(), self.reason());
        match &self.kind {
            Kind::Content { .. } => write!(f, "{path}, {reason}"),
            _ => write!(f, "{path}: {reason}"),
        }
    }
}

impl core::error::Error for FormatError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match &self.kind {
            Kind::Io(error) => Some(error),
            Kind::Content { .. } => None,
            Kind::Checkpoint(error) => Some(error),
            Kind::Tokenizer(error) => Some(error),
        }
    }
}
