//! The stages of a run, on networks of any engine. Each reports its progress, writes to the run's folder, can be
//! stopped between any two steps, and resumes there; on the CPU engine to the same bits.
//!
//! The content of a run's folder:
//!
//! | name | what |
//! |---|---|
//! | `files.json` | what in the folder is the run's own: nothing else is ever replaced or removed |
//! | `run.json` | the settings and the data's sums: what has to be the same to go on |
//! | `config.toml` | of `rlhf run`: every key of its configuration, as it was in the end |
//! | `metrics.jsonl` | a [`Line`](crate::record::Line) for every step, with its warnings, and one for each measurement at the end |
//! | `checkpoints/ppo-00000012/` | networks, optimizers and state after that step; the last two, and of step 3 the last one when it is done: with more iterations `--resume` goes on from it |
//! | `tensorboard/` | the same lines as TensorBoard reads them |
//! | `base/`, `sft/`, `reward/`, `policy/` | finished networks as Hugging Face folders; of several reward models, each in a folder within |
//! | `offending.jsonl` | the samples that a guard stopped at |
//! | `report.html`, `summary.json` | what came of it |
//! | `comparison.html` | it beside another run, where somebody asked for that |
//!
//! Checkpoints and networks are folders with a [`Manifest`](crate::record::Manifest) that appear whole
//! or not at all.

mod align;
mod capabilities;
mod checkpoint;
mod driver;
mod error;
mod figures;
mod folder;
mod ilql;
mod optimizers;
mod owned;
mod reward;
mod session;
mod supervised;

pub use align::{AlignInputs, TrainingData, align};
pub use capabilities::capabilities;
pub use driver::Measure;
pub use error::StageError;
pub use folder::clear;
#[cfg(feature = "run")]
pub(crate) use folder::{READING, recorded_settings};
pub use ilql::ilql;
pub use optimizers::optimizers;
pub(crate) use owned::of_a_run;
pub use owned::{check_vacant, own};
pub use reward::{Judgments, normalized, reward_model};
pub(crate) use session::Measurement;
pub use session::Session;
pub use supervised::supervised;

use crate::record::Phase;
use rlhf_train::TrainError;

/// Names the phase and the step in which training failed.
pub fn at(phase: Phase, step: u64) -> impl FnOnce(TrainError) -> StageError {
    move |error| StageError::Train { phase, step, error }
}
