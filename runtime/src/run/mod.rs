//! The three steps of InstructGPT on public human-feedback data.
//!
//! A [`Config`] says which base, which data and how much of it, and where the recipe leaves its
//! profile, with a reason for each; [`run`] does the work and writes `summary.json`
//! (`schemas/run-summary.schema.json`) and three model folders.
//!
//! ```no_run
//! use rlhf::run::{Config, report, run};
//! # fn main() -> Result<(), rlhf::run::RunError> {
//! let config = Config::read("examples/real.toml".as_ref())?.with_data("../shared/data".as_ref());
//! let summary = run(&config, &rlhf_cpu::Cpu::default(), "runs/real".as_ref(), &mut |_, _, _, _| {})?;
//! print!("{}", report(&summary));
//! # Ok(())
//! # }
//! ```

mod answers;
mod base;
mod config;
mod error;
mod measure;
mod named;
mod overrides;
mod page;
mod pretraining;
mod report;
mod rewards;
mod sets;
mod steps;
mod summary;
mod transcripts;

pub use config::{BaseFiles, Comparisons, Config, Demonstrations, Evaluation, Pretraining, Prompts, Source};
pub use error::RunError;
pub use overrides::{Change, Override};
pub use report::{overrides, report};
pub use steps::run;
pub use summary::{
    Accuracy, Answer, BeforeAfter, Data, DataSet, Iteration, Losses, PerStep, RewardModel, Said, Sample,
    Seconds, Stages, Summary,
};
