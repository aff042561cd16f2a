//! The facade: everything that a Rust program embeds, without a terminal.
//!
//! | module | what is in it |
//! |---|---|
//! | [`train`] | the trainers: SFT, reward models, PPO and the other methods |
//! | [`data`] | data sets of demonstrations, comparisons, labels and prompts |
//! | [`models`] | model files and tokenizers |
//! | [`engine`] | networks on a device that is chosen at run time |
//! | [`inference`] | text and rewards from a trained model |
//! | [`config`] | a run's configuration |
//! | [`statistics`] | win rates, calibration, intervals, ratings |
//! | [`control`] | learning from people before language models |
//! | `run`, `stage`, `record`, `report` | feature `run`: the pipeline in a folder, its checkpoints, metrics and pages |
//!
//! Without default features nothing here reads a clock, and all of it builds for wasm32.

pub use rlhf_control as control;
pub use rlhf_data as data;
pub use rlhf_models as models;
pub use rlhf_train as train;

pub mod config;
pub mod engine;
pub mod inference;
#[cfg(feature = "run")]
pub mod record;
#[cfg(feature = "run")]
pub mod report;
#[cfg(feature = "run")]
pub mod run;
#[cfg(feature = "run")]
pub mod stage;
pub mod statistics;
mod transcript;

/// The README's code compiles.
#[cfg(all(doctest, feature = "run"))]
#[doc = include_str!("../../README.md")]
struct Readme;
