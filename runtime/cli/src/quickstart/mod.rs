//! The run that needs no data: it makes its own.

mod gold;
mod page;
mod run;
mod settings;
mod show;
mod stories;
mod summary;
pub mod world;

pub use run::run;
pub use settings::{Labels, Settings};
pub use show::{FILES, overrides, plot, save, show};
pub use summary::{Gold, Labelers, Override, Point, RewardModel, Rewards, Sample, Seconds, Story, Summary};
