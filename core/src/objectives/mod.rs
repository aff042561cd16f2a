//! Objectives: what the three steps of InstructGPT and their successors teach, as [`crate::Objective`]s.
//!
//! | step | objective | reads |
//! |---|---|---|
//! | supervised fine-tuning, PPO's pretraining mix | [`CrossEntropy`] | log-probabilities |
//! | reward model | [`KWise`], [`Pairwise`] | scores |
//! | PPO, policy | [`PpoPolicy`] | log-probabilities, entropies |
//! | PPO, critic | [`PpoValue`] | values |
//! | preferences: DPO and its kin, KTO, online and from logs | `PreferencePairs`, `LabelledResponses`, `NashPolicy`, `LoggedFeedback` | log-probabilities |
//!
//! Each is made anew for every part of an optimiser batch, from slices laid out as that part, and
//! keeps sums (`stats`) that merge over parts.

mod cross_entropy;
mod k_wise;
mod pairwise;
mod ppo_policy;
mod ppo_value;
#[cfg(feature = "alloc")]
mod preference;

pub use cross_entropy::CrossEntropy;
pub use k_wise::KWise;
pub use pairwise::Pairwise;
pub use ppo_policy::PpoPolicy;
pub use ppo_value::PpoValue;
#[cfg(feature = "alloc")]
pub use preference::{
    Feedback, LabelledResponses, LoggedFeedback, NashPolicy, PreferenceCounts, PreferencePairs,
};

use crate::Error;

/// What lies at `position` of a slice laid out as the batch's tokens.
fn at(name: &'static str, slice: &[f32], position: usize) -> Result<f32, Error> {
    slice.get(position).copied().ok_or(Error::Shape { name, want: position + 1, got: slice.len() })
}
