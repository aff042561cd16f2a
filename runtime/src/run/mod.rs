//! The three steps of InstructGPT on public human-feedback data.
//!
//! A [`Config`](crate::config::Config) says which base, which data and how much of it, and where the recipe leaves its
//! profile, with a reason for each; [`run`] does the work and writes `summary.json`
//! (`schemas/run-summary.schema.json`) and three model folders.
//!
//! ```no_run
//! use rlhf::config::Config;
//! use rlhf::run::{Manner, report, run};
//! # fn main() -> Result<(), rlhf::run::RunError> {
//! let config = Config::read("examples/real.toml".as_ref())?.with_data("../shared/data".as_ref());
//! let manner = Manner::new("runs/real".as_ref());
//! if let Some(summary) = run(&config, &rlhf::engine::Device::default(), &manner, &mut |_, _, _, _| {})? {
//!     print!("{}", report(&summary));
//! }
//! # Ok(())
//! # }
//! ```

mod answers;
mod base;
mod checks;
mod error;
mod files;
mod generator;
mod given;
mod identity;
mod manner;
mod material;
mod measure;
mod memory;
mod page;
mod pipeline;
mod preflight;
mod pretraining;
mod report;
mod rewards;
mod sets;
mod sources;
mod stage;
mod steps;
mod summary;
mod trust;

pub use answers::{Answers, Evaluator};
pub use checks::examine;
pub use error::RunError;
pub use generator::{AnswerPrompts, GeneratedData, Generator, Hook, RankedAnswers};
pub use manner::Manner;
pub use memory::Memory;
pub use pipeline::{Finished, run, save, train};
pub use preflight::{Preflight, preflight};
pub use report::{overrides, report};
pub use stage::Stage;
pub use summary::{
    Accuracy, Answer, Common, Data, DataSet, Iteration, LeftOut, Losses, PerStep, RewardModel, Said, Sample,
    Seconds, Stages, Summary,
};
