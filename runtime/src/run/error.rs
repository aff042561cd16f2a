//! Why a run ended.

use crate::engine::EngineError;
use crate::formats::FormatError;
use crate::record::Phase;
use crate::stage::{self, StageError};
use crate::train::TrainError;
use core::fmt;
use std::path::PathBuf;

/// Why a run ended.
#[derive(Debug)]
#[non_exhaustive]
pub enum RunError {
    /// The configuration cannot be read, or does not parse.
    Config {
        /// The file.
        path: PathBuf,
        /// What is wrong, with the line and the key.
        reason: String,
    },
    /// A key does not exist.
    Unknown {
        /// Where it stands: the file and line, or the command line.
        place: String,
        /// Its name.
        key: String,
        /// The name that was meant, if one is near.
        nearest: Option<String>,
        /// The names that there are in its section.
        known: String,
    },
    /// A key or setting has a value that does not serve.
    Key {
        /// Where it stands: the file and line, or the command line.
        place: String,
        /// Its name.
        key: String,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// A setting is unknown or out of range.
    Setting {
        /// Its name.
        setting: String,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// Data of a kind that a run needs is not there.
    Missing {
        /// What.
        what: &'static str,
        /// Where it was looked for.
        folder: PathBuf,
        /// Which formats would serve.
        wanted: String,
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
    /// The device failed.
    Engine(EngineError),
    /// A stage ended before its end.
    Stage(StageError),
}

impl RunError {
    pub(super) fn setting(setting: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Setting { setting: setting.into(), reason: reason.into() }
    }

    /// Names the phase and the step in which training failed.
    pub(super) fn at(phase: Phase, step: u64) -> impl FnOnce(TrainError) -> Self {
        move |error| Self::Stage(stage::at(phase, step)(error))
    }
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config { path, reason } => write!(f, "{}: {reason}", path.display()),
            Self::Unknown { place, key, nearest: Some(near), .. } => {
                write!(f, "{place}: unknown key `{key}`: did you mean `{near}`?")
            }
            Self::Unknown { place, key, nearest: None, known } => {
                write!(f, "{place}: unknown key `{key}`; there are {known}")
            }
            Self::Key { place, key, reason } => write!(f, "{place}, {key}: {reason}"),
            Self::Setting { setting, reason } => write!(f, "setting {setting}: {reason}"),
            Self::Missing { what, folder, wanted } => write!(
                f,
                "{}: there are no {what}; want a file in one of these formats: {wanted}",
                folder.display()
            ),
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
            Self::Engine(error) => error.fmt(f),
            Self::Stage(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for RunError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::File(error) => Some(error),
            Self::Engine(error) => Some(error),
            Self::Stage(error) => Some(error),
            _ => None,
        }
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
