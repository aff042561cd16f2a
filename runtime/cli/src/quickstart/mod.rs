//! The run that needs no data: it makes its own.

mod page;
mod run;
mod settings;
mod show;
mod summary;
pub mod world;

pub use run::{Outcome, Point, Sample, run};
pub use settings::{Labels, Override, Settings};
pub use show::{FILES, overrides, plot, save, show};
pub use summary::{Gold, Labellers, RewardModel, Rewards, Seconds, Story, Summary, Told};
