//! Errors of runs.

use crate::config::ConfigError;
use crate::engine::{EngineError, FileError};
use crate::record::Phase;
use crate::stage::{self, StageError};
use core::fmt;
use rlhf_data::DataError;
use rlhf_models::FormatError;
use rlhf_train::TrainError;
use std::path::PathBuf;

/// A run that ended before its end.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum RunError {
    /// The configuration, or a setting, is wrong.
    #[error("{0}")]
    Config(#[from] ConfigError),
    /// There is no data of a kind that a run needs.
    #[error("{}: there are no {what}; want a file in one of these formats: {wanted}", folder.display())]
    Missing {
        /// The kind of data.
        what: &'static str,
        /// The folder that was searched.
        folder: PathBuf,
        /// The formats that could be used.
        wanted: String,
    },
    /// There is data of the kind, and nothing can be learned from it.
    #[error("{what}: {reason}")]
    Unlearnable {
        /// The part that would learn, or that is missing.
        what: String,
        /// The reason, and the remedy.
        reason: String,
    },
    /// The run would need more memory than there is.
    #[error(
        "the run needs about {:.2} GiB of memory, {:.2} GiB are free: take a smaller base, or say how much there is (--memory)",
        gibibytes(*needed),
        gibibytes(*available)
    )]
    Memory {
        /// Bytes that it needs.
        needed: u64,
        /// Bytes that there are.
        available: u64,
    },
    /// A file cannot be read or written.
    #[error("{0}")]
    File(#[from] FormatError),
    /// A data file cannot be read.
    #[error("{0}")]
    Data(#[from] DataError),
    /// The device failed.
    #[error("{0}")]
    Engine(#[from] EngineError),
    /// A stage ended before its end.
    #[error("{0}")]
    Stage(#[from] StageError),
}

/// The message, as it is displayed: a program whose `main` returns the error ends with what went wrong and what to do.
impl fmt::Debug for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl RunError {
    pub(super) fn setting(setting: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Config(ConfigError::setting(setting, reason))
    }

    /// Names the phase and the step in which training failed.
    pub(super) fn at(phase: Phase, step: u64) -> impl FnOnce(TrainError) -> Self {
        move |error| Self::Stage(stage::at(phase, step)(error))
    }
}

fn gibibytes(bytes: u64) -> f64 {
    bytes as f64 / (1u64 << 30) as f64
}

impl From<FileError> for RunError {
    fn from(error: FileError) -> Self {
        StageError::from(error).into()
    }
}
