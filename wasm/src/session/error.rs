//! What can go wrong.

use core::fmt;
use rlhf_models::FormatError;
use rlhf_train::TrainError;

/// An error of a [`Session`](crate::Session): its kind, which never changes its name, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The kind: `model`, `setting`, `vote`, `context`, `empty`, `votes`, `rule`, `state` or `training`.
    pub code: &'static str,
    /// What is wrong, and what to do.
    pub message: String,
}

impl Error {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl core::error::Error for Error {}

impl From<FormatError> for Error {
    fn from(error: FormatError) -> Self {
        Self::new("model", error.to_string())
    }
}

impl From<rlhf_cpu::EngineError> for Error {
    fn from(error: rlhf_cpu::EngineError) -> Self {
        Self::new("model", error.to_string())
    }
}

impl From<rlhf_core::Error> for Error {
    fn from(error: rlhf_core::Error) -> Self {
        Self::new("setting", error.to_string())
    }
}

impl From<TrainError> for Error {
    fn from(error: TrainError) -> Self {
        match error {
            TrainError::Core(error) => error.into(),
            error => Self::new("training", error.to_string()),
        }
    }
}
