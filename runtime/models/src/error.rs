//! Errors of model files.

use core::fmt;
use rlhf_core::model::CheckpointError;
use rlhf_core::model::tokenizer::TokenizerError;
use std::io;
use std::path::{Path, PathBuf};

/// A file that cannot be read or written, or that holds something else than it should.
#[derive(thiserror::Error)]
#[error(transparent)]
pub struct FormatError(Kind);

/// The message, as it is displayed: a program whose `main` returns the error ends with what went wrong and what to do.
impl fmt::Debug for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[derive(Debug, thiserror::Error)]
enum Kind {
    #[error("{}: {error}", path.display())]
    Io {
        path: PathBuf,
        #[source]
        error: io::Error,
    },
    #[error("{}, {place}: {reason}", path.display())]
    Content { path: PathBuf, place: String, reason: String },
    #[error("{}: {error}", path.display())]
    Checkpoint {
        path: PathBuf,
        #[source]
        error: CheckpointError,
    },
    #[error("{}: {error}", path.display())]
    Tokenizer {
        path: PathBuf,
        #[source]
        error: TokenizerError,
    },
}

impl FormatError {
    /// An error of the system in reading or writing `path`.
    pub fn io(path: &Path, error: io::Error) -> Self {
        Self(Kind::Io { path: path.into(), error })
    }

    /// Wrong content of `path` at `place`: a line, a field.
    pub fn content(path: &Path, place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self(Kind::Content { path: path.into(), place: place.into(), reason: reason.into() })
    }

    /// Tensors in `path` that do not make the network.
    pub fn checkpoint(path: &Path, error: CheckpointError) -> Self {
        Self(Kind::Checkpoint { path: path.into(), error })
    }

    /// A vocabulary in `path` that does not make a tokenizer.
    pub fn tokenizer(path: &Path, error: TokenizerError) -> Self {
        Self(Kind::Tokenizer { path: path.into(), error })
    }

    /// The message without the file's name.
    pub fn reason(&self) -> String {
        match &self.0 {
            Kind::Io { error, .. } => error.to_string(),
            Kind::Content { place, reason, .. } => format!("{place}: {reason}"),
            Kind::Checkpoint { error, .. } => error.to_string(),
            Kind::Tokenizer { error, .. } => error.to_string(),
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        match &self.0 {
            Kind::Io { path, .. }
            | Kind::Content { path, .. }
            | Kind::Checkpoint { path, .. }
            | Kind::Tokenizer { path, .. } => path,
        }
    }
}
