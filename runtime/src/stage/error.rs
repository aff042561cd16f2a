//! Errors of stages.

use crate::engine::{EngineError, FileError};
use crate::record::Phase;
use core::fmt;
use rlhf_models::FormatError;
use rlhf_train::TrainError;
use std::path::{Path, PathBuf};

/// A stage that ended before its end.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum StageError {
    /// A step of training failed.
    #[error("{}", failed_step(*phase, *step, error))]
    Train {
        /// The phase.
        phase: Phase,
        /// The optimizer step or iteration, from 1; 0 before the first.
        step: u64,
        /// The error.
        #[source]
        error: TrainError,
    },
    /// A file cannot be read or written. What the run had kept before is as it was.
    #[error("{0}")]
    File(#[from] FormatError),
    /// The device failed.
    #[error("{0}")]
    Engine(#[from] EngineError),
    /// The run was stopped on request, after a step.
    #[error("stopped after {} step {step}; {}", phase.name(), kept(folder.as_deref()))]
    Stopped {
        /// The phase.
        phase: Phase,
        /// The last step that was done.
        step: u64,
        /// The folder to go on from; without one nothing is kept.
        folder: Option<PathBuf>,
    },
    /// The folder holds a run already.
    #[error(
        "{} holds a run: go on with it with --resume, name another folder, or replace it with --overwrite",
        folder.display()
    )]
    Occupied {
        /// The folder.
        folder: PathBuf,
    },
    /// The run would have to write over something that is not its own.
    #[error(
        "{}: it is there already, and a run would write over it: move it away, or name another folder with --out",
        path.display()
    )]
    Taken {
        /// The file or folder in the way.
        path: PathBuf,
    },
    /// Another process is working in the folder.
    #[error("another process works in {}", folder.display())]
    Busy {
        /// The folder.
        folder: PathBuf,
    },
    /// The folder holds an unfinished run of an earlier version, which read rows otherwise.
    #[error(
        "{} holds a run that an earlier version began, which read and split rows otherwise: go on with {version}, or \
         name another folder",
        folder.display()
    )]
    Older {
        /// The folder.
        folder: PathBuf,
        /// The version that can go on with it.
        version: &'static str,
    },
    /// The folder holds a run under other settings or on other data.
    #[error(
        "{} holds another run, and going on would mix the two: {}; set them back, or name another folder{}",
        folder.display(),
        differences.join("; "),
        train_longer(folder, differences)
    )]
    Differs {
        /// The folder.
        folder: PathBuf,
        /// Each difference: its place, the old and the new value.
        differences: Vec<String>,
    },
    /// A checkpoint or a finished network was damaged.
    #[error("{error}; remove {} to go on from {}", snapshot.display(), before(older.as_deref()))]
    Damaged {
        /// The damaged file, and the problem.
        #[source]
        error: Box<FormatError>,
        /// The snapshot.
        snapshot: PathBuf,
        /// The one before it, which is whole.
        older: Option<PathBuf>,
    },
}

/// The message, as it is displayed: a program whose `main` returns the error ends with what went wrong and what to do.
impl fmt::Debug for StageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The failure with its step, which a guard names itself.
fn failed_step(phase: Phase, step: u64, error: &TrainError) -> String {
    match error {
        TrainError::Guard(_) => format!("{}, {error}", phase.name()),
        _ => format!("{}, step {step}: {error}", phase.name()),
    }
}

fn kept(folder: Option<&Path>) -> String {
    match folder {
        Some(folder) => format!("--resume goes on from {}", folder.display()),
        None => "nothing was kept, for no folder was given".into(),
    }
}

fn before(older: Option<&Path>) -> String {
    match older {
        Some(older) => format!("{}, which is whole", older.display()),
        None => "what there is before it".into(),
    }
}

/// The advice for a run that is to train for longer.
fn train_longer(folder: &Path, differences: &[String]) -> String {
    let Some(command) = command_to_train_longer(differences) else { return String::new() };
    format!(
        "; passes over data are planned to their end, so to train for longer begin anew: `rlhf {command} --from {} --out` \
         and another folder takes over what comes before",
        folder.display()
    )
}

/// The command that trains for longer, where the number of passes over data differs and an earlier step can be taken
/// over.
fn command_to_train_longer(differences: &[String]) -> Option<&'static str> {
    let place = |difference: &String| difference.split_once(" was ").map(|(place, _)| place.to_owned());
    let place = differences.iter().filter_map(place).find(|place| place.ends_with("epochs"))?;
    match place.split('.').next() {
        Some("supervised") => None,
        Some("reward") => Some("reward"),
        _ => Some("align"),
    }
}

impl From<FileError> for StageError {
    fn from(error: FileError) -> Self {
        match error {
            FileError::File(error) => Self::File(error),
            FileError::Engine(error) => Self::Engine(error),
        }
    }
}
