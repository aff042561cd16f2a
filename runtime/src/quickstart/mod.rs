//! The run that needs no data: it makes its own.

mod run;
mod settings;
pub mod world;

pub use run::{Outcome, Phase, Point, Progress, Sample, run};
pub use settings::{Labels, Override, Settings};
