//! The three steps of InstructGPT on public human-feedback data.
//!
//! A [`Config`](crate::config::Config) names the base, the data and how much of it, and where the recipe leaves its
//! profile, with a reason for each; [`run`] does the work and writes `summary.json`
//! (`schemas/run-summary.schema.json`) and three model folders.
//!
//! ```no_run
//! use rlhf::config::Config;
//! use rlhf::run::{RunOptions, report, run};
//! # fn main() -> Result<(), rlhf::run::RunError> {
//! let config = Config::read("examples/real.toml".as_ref())?.with_data("../shared/data".as_ref());
//! let options = RunOptions::new("runs/real".as_ref());
//! if let Some(summary) = run(&config, &rlhf::engine::Device::default(), &options, &mut |_, _, _, _| {})? {
//!     print!("{}", report(&summary));
//! }
//! # Ok(())
//! # }
//! ```

mod answers;
mod base;
mod checks;
mod counted;
mod datasets;
mod error;
mod files;
mod generator;
mod identity;
mod lengths;
mod material;
mod measure;
mod measurements;
mod memory;
mod options;
mod page;
mod pipeline;
mod plan;
mod preflight;
mod pretraining;
mod recipe;
mod report;
mod rewards;
mod sources;
mod speed;
mod stage;
mod starting_models;
mod steps;
mod summary;
mod trust;
mod warnings;

pub use answers::{Answers, Evaluator};
pub use error::RunError;
pub use generator::{AnswerPrompts, GeneratedData, Generator, Hook, RankedAnswers};
pub use memory::Memory;
pub use options::RunOptions;
pub use pipeline::{Finished, run, save, train};
pub use plan::{PlannedStep, plan};
pub use preflight::{Preflight, preflight};
pub use recipe::with_recipe;
pub use report::{overrides, report, warning_list};
pub use stage::Stage;
pub use summary::{
    Accuracy, Answer, Common, Data, DataSet, DatasetAccuracy, Iteration, LeftOut, Losses, PerStep,
    RewardModel, Sample, Seconds, Stages, Summary,
};
