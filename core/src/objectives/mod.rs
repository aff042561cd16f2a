//! Objectives: what the three steps of InstructGPT teach, as [`crate::Objective`]s.
//!
//! | step | objective | reads |
//! |---|---|---|
//! | supervised fine-tuning, PPO's pretraining mix | [`CrossEntropy`] | log-probabilities |
//! | reward model | see below | scores, values |
//! | PPO, policy | [`PpoPolicy`] | log-probabilities, entropies |
//! | PPO, critic | [`PpoValue`] | values |
//!
//! What reward models learn from:
//!
//! | labels | objective | reads |
//! |---|---|---|
//! | the better of two answers, by how much | [`Pairwise`] | scores |
//! | rankings, as all their pairs | [`KWise`] | scores |
//! | rankings, as successive choices; the best of several | [`PlackettLuce`] | scores |
//! | the better of two answers, a tie, or degrees of preference | [`Graded`] | scores |
//! | right or wrong, whole answers | [`Outcome`] | scores |
//! | right or wrong, each step of an answer | [`Process`] | values |
//! | the better of two texts, before there are comparisons by people | [`PreferencePretraining`] | scores, log-probabilities |
//!
//! Each is made anew for every part of an optimiser batch, from slices laid out as that part, and
//! keeps sums (`stats`) that merge over parts.

mod cross_entropy;
mod ppo_policy;
mod ppo_value;
mod reward;

pub use cross_entropy::CrossEntropy;
pub use ppo_policy::PpoPolicy;
pub use ppo_value::PpoValue;
pub use reward::{Graded, KWise, Outcome, Pairwise, PlackettLuce, PreferencePretraining, Process};

use crate::Error;

/// What lies at `position` of a slice laid out as the batch's tokens.
fn at(name: &'static str, slice: &[f32], position: usize) -> Result<f32, Error> {
    slice.get(position).copied().ok_or(Error::Shape { name, want: position + 1, got: slice.len() })
}
