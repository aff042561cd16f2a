//! Exit codes.

use core::error::Error;
use rlhf::config::ConfigError;
use rlhf::run::RunError;
use rlhf::stage::StageError;
use rlhf::train::TrainError;
use std::process::ExitCode;

/// The end of a command; its number is the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Everything was done.
    Done = 0,
    /// The command failed while it ran, or `rlhf config check` found a step in which nothing will be learned.
    Failed = 1,
    /// The command line or the configuration is wrong: nothing was begun.
    Wrong = 2,
    /// The command was stopped on purpose, by a guard or by Ctrl-C, and left a checkpoint to resume from.
    Stopped = 3,
    /// `rlhf data check` found problems, or a command left rows out that nothing could be done with.
    Found = 4,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        (exit as u8).into()
    }
}

/// The failure of a command, with its exit code.
pub struct Failure {
    pub exit: Exit,
    pub error: Box<dyn Error>,
}

impl Failure {
    /// The command line, the configuration or what they name is wrong.
    pub fn wrong(error: impl Into<Box<dyn Error>>) -> Self {
        Self { exit: Exit::Wrong, error: error.into() }
    }

    /// A failure while the command ran.
    pub fn failed(error: impl Into<Box<dyn Error>>) -> Self {
        Self { exit: Exit::Failed, error: error.into() }
    }
}

/// Of a run at work.
impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Config(_)
            | RunError::Missing { .. }
            | RunError::Unlearnable { .. }
            | RunError::Memory { .. } => Self::wrong(error),
            RunError::Stage(error) => error.into(),
            _ => Self::failed(error),
        }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::wrong(error)
    }
}

impl From<StageError> for Failure {
    fn from(error: StageError) -> Self {
        let exit = match &error {
            StageError::Stopped { .. } | StageError::Train { error: TrainError::Guard(_), .. } => {
                Exit::Stopped
            }
            StageError::Occupied { .. }
            | StageError::Older { .. }
            | StageError::Taken { .. }
            | StageError::Busy { .. }
            | StageError::Differs { .. } => Exit::Wrong,
            _ => Exit::Failed,
        };
        Self { exit, error: error.into() }
    }
}

impl From<rlhf::Error> for Failure {
    fn from(error: rlhf::Error) -> Self {
        match error {
            rlhf::Error::File(_)
            | rlhf::Error::Vocabulary { .. }
            | rlhf::Error::NoScalarHead { .. }
            | rlhf::Error::RewardModel { .. } => Self::wrong(error),
            _ => Self::failed(error),
        }
    }
}
