//! Why a run ended.

use crate::config::ConfigError;
use crate::engine::{EngineError, FileError};
use crate::record::Phase;
use crate::stage::{self, StageError};
use core::fmt;
use rlhf_data::DataError;
use rlhf_models::FormatError;
use rlhf_train::TrainError;
use std::path::PathBuf;

/// Why a run ended.
#[derive(Debug)]
#[non_exhaustive]
pub enum RunError {
    /// The configuration, or a setting, does not serve.
    Config(ConfigError),
    /// Data of a kind that a run needs is not there.
    Missing {
        /// What.
        what: &'static str,
        /// Where it was looked for.
        folder: PathBuf,
        /// Which formats would serve.
        wanted: String,
    },
    /// There is data of the kind, and nothing can be learned from it.
    Unlearnable {
        /// What would learn, or what of it is missing.
        what: String,
        /// Why, and what to do.
        reason: String,
    },
    /// The run would need more memory than there is.
    Memory {
        /// Bytes that it needs.
        needed: u64,
        /// Bytes that there are.
        available: u64,
    },
    /// A file does not serve.
    File(FormatError),
    /// A data file does not serve.
    Data(DataError),
    /// The device failed.
    Engine(EngineError),
    /// A stage ended before its end.
    Stage(StageError),
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

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(error) => error.fmt(f),
            Self::Missing { what, folder, wanted } => write!(
                f,
                "{}: there are no {what}; want a file in one of these formats: {wanted}",
                folder.display()
            ),
            Self::Unlearnable { what, reason } => write!(f, "{what}: {reason}"),
            Self::Memory { needed, available } => {
                let gib = |bytes: u64| bytes as f64 / (1u64 << 30) as f64;
                write!(
                    f,
                    "the run needs about {:.2} GiB of memory, {:.2} GiB are free: take a smaller base, or say how much there is (--memory)",
                    gib(*needed),
                    gib(*available)
                )
            }
            Self::File(error) => error.fmt(f),
            Self::Data(error) => error.fmt(f),
            Self::Engine(error) => error.fmt(f),
            Self::Stage(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for RunError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Config(error) => Some(error),
            Self::File(error) => Some(error),
            Self::Data(error) => Some(error),
            Self::Engine(error) => Some(error),
            Self::Stage(error) => Some(error),
            _ => None,
        }
    }
}

impl From<ConfigError> for RunError {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

impl From<DataError> for RunError {
    fn from(error: DataError) -> Self {
        Self::Data(error)
    }
}

impl From<FileError> for RunError {
    fn from(error: FileError) -> Self {
        StageError::from(error).into()
    }
}

impl From<EngineError> for RunError {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

impl From<FormatError> for RunError {
    fn from(error: FormatError) -> Self {
        Self::File(error)
    }
}

impl From<StageError> for RunError {
    fn from(error: StageError) -> Self {
        Self::Stage(error)
    }
}
