//! The facade: everything that a Rust program embeds, without a terminal.
//!
//! [`LanguageModel`] and [`RewardModel`] train, write and score in one call each: start with the [`prelude`].
//!
//! ```
//! use rlhf::prelude::*;
//! // Tokens are bytes. The network reads 32 of them, is 16 wide and has 1 layer of 2 heads.
//! let network = Architecture::gpt2(257, 32, 16, 1, 2);
//! let mut model = LanguageModel::random(&Device::default(), network, Bytes, 1)?;
//! model.fine_tune(&[("I am ", "happy.")]).set(|settings| settings.epochs = 3).run()?;
//! let answers = model.generate("I am ", &Writing { count: 2, longest: 8, ..Writing::default() })?;
//! assert_eq!(answers.len(), 2);
//! # Ok::<(), rlhf::Error>(())
//! ```
//!
//! | module | contents |
//! |---|---|
//! | [`train`] | the trainers: SFT, reward models, PPO and the other methods |
//! | [`blocking`] | the trainers as blocking calls, for backends that never wait |
//! | [`data`] | data sets of demonstrations, comparisons, labels and prompts |
//! | [`models`] | model files and tokenizers |
//! | [`engine`] | networks on a device that is chosen at run time |
//! | [`config`] | a run's configuration |
//! | [`statistics`] | win rates, calibration, intervals, ratings |
//! | [`scorer`] | scoring without an allocator, from the file that [`RewardModel::to_scorer`] makes |
//! | [`control`] | learning from people before language models |
//! | `run`, `stage`, `record`, `report` | feature `run`: the pipeline in a folder, its checkpoints, metrics and pages |
//!
//! Without default features nothing here reads a clock, and all of it builds for wasm32.

pub use rlhf_control as control;
pub use rlhf_data as data;
pub use rlhf_models as models;
pub use rlhf_scorer as scorer;
pub use rlhf_train as train;

pub mod blocking;
pub mod config;
#[cfg(feature = "run")]
pub mod draft;
pub mod engine;
mod error;
mod export;
mod language_model;
pub mod prelude;
#[cfg(feature = "run")]
pub mod record;
#[cfg(feature = "run")]
pub mod report;
mod reward;
mod reward_model;
#[cfg(feature = "run")]
pub mod run;
#[cfg(feature = "run")]
pub mod stage;
pub mod statistics;
mod training;
mod transcript;

pub use error::Error;
pub use language_model::{LanguageModel, OnPrompts, Response, Writing};
pub use reward::{ByModel, ByScorer, IntoReward, OverIds, OverText, TextReward};
pub use reward_model::{RewardModel, Worth};
pub use training::Training;

/// A result whose error is this library's.
pub type Result<T, E = Error> = core::result::Result<T, E>;

/// The README's code compiles.
#[cfg(all(doctest, feature = "run"))]
#[doc = include_str!("../../README.md")]
struct Readme;
