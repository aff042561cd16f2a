//! Why a stage ended before its end.

use crate::engine::{EngineError, FileError};
use crate::record::Phase;
use core::fmt;
use rlhf_models::FormatError;
use rlhf_train::TrainError;
use std::path::PathBuf;

/// Why a stage ended before its end.
#[derive(Debug)]
#[non_exhaustive]
pub enum StageError {
    /// A step of training failed.
    Train {
        /// Which stage.
        phase: Phase,
        /// At which optimizer step or iteration, from 1; 0 before the first.
        step: u64,
        /// What happened.
        error: TrainError,
    },
    /// A file does not serve. What the run had kept before is as it was.
    File(FormatError),
    /// The device failed.
    Engine(EngineError),
    /// The run was asked to stop, and did after a step.
    Stopped {
        /// In which stage.
        phase: Phase,
        /// After which step.
        step: u64,
        /// The folder to go on from; without one nothing is kept.
        folder: Option<PathBuf>,
    },
    /// The folder holds a run already.
    Occupied {
        /// The folder.
        folder: PathBuf,
    },
    /// The run would have to write over something that is not its own.
    Taken {
        /// What is in the way.
        path: PathBuf,
    },
    /// Another process works in the folder.
    Busy {
        /// The folder.
        folder: PathBuf,
    },
    /// The folder holds an unfinished run of an earlier version, which read rows otherwise.
    Older {
        /// The folder.
        folder: PathBuf,
        /// The version that can go on with it.
        version: &'static str,
    },
    /// The folder holds a run under other settings or on other data.
    Differs {
        /// The folder.
        folder: PathBuf,
        /// Each difference: its place, what it was and what it is now.
        differences: Vec<String>,
    },
    /// A checkpoint or a finished network was damaged.
    Damaged {
        /// What is wrong with which file.
        error: Box<FormatError>,
        /// The snapshot.
        snapshot: PathBuf,
        /// The one before it, which is whole.
        older: Option<PathBuf>,
    },
}

impl fmt::Display for StageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // A guard names the step itself.
            Self::Train { phase, error: error @ TrainError::Guard(_), .. } => {
                write!(f, "{}, {error}", phase.name())
            }
            Self::Train { phase, step, error } => write!(f, "{}, step {step}: {error}", phase.name()),
            Self::File(error) => error.fmt(f),
            Self::Engine(error) => error.fmt(f),
            Self::Stopped { phase, step, folder } => {
                write!(f, "stopped after {} step {step}", phase.name())?;
                match folder {
                    Some(folder) => write!(f, "; --resume goes on from {}", folder.display()),
                    None => f.write_str("; nothing was kept, for no folder was given"),
                }
            }
            Self::Occupied { folder } => write!(
                f,
                "{} holds a run: go on with it with --resume, name another folder, or replace it with --overwrite",
                folder.display()
            ),
            Self::Taken { path } => write!(
                f,
                "{}: it is there already, and a run would write over it: move it away, or name another folder with --out",
                path.display()
            ),
            Self::Busy { folder } => write!(f, "another process works in {}", folder.display()),
            Self::Older { folder, version } => write!(
                f,
                "{} holds a run that an earlier version began, which read and split rows otherwise: go on with {version}, or \
                 name another folder",
                folder.display()
            ),
            Self::Differs { folder, differences } => {
                let folder = folder.display();
                let all = differences.join("; ");
                write!(
                    f,
                    "{folder} holds another run, and going on would mix the two: {all}; set them back, or name another \
                     folder"
                )?;
                match longer(differences) {
                    Some(command) => write!(
                        f,
                        "; passes over data are planned to their end, so to train for longer begin anew: `rlhf {command} \
                         --from {folder} --out` and another folder takes over what comes before"
                    ),
                    None => Ok(()),
                }
            }
            Self::Damaged { error, snapshot, older } => {
                write!(f, "{error}; remove {} to go on from ", snapshot.display())?;
                match older {
                    Some(older) => write!(f, "{}, which is whole", older.display()),
                    None => f.write_str("what there is before it"),
                }
            }
        }
    }
}

/// The command that trains for longer, where the number of passes over data is what differs and a step before can
/// be taken over.
fn longer(differences: &[String]) -> Option<&'static str> {
    let place = |difference: &String| difference.split_once(" was ").map(|(place, _)| place.to_owned());
    let place = differences.iter().filter_map(place).find(|place| place.ends_with("epochs"))?;
    match place.split('.').next() {
        Some("supervised") => None,
        Some("reward") => Some("reward"),
        _ => Some("align"),
    }
}

impl core::error::Error for StageError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::File(error) => Some(error),
            Self::Engine(error) => Some(error),
            Self::Damaged { error, .. } => Some(error),
            Self::Train { error, .. } => Some(error),
            _ => None,
        }
    }
}

impl From<EngineError> for StageError {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
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

impl From<FormatError> for StageError {
    fn from(error: FormatError) -> Self {
        Self::File(error)
    }
}
