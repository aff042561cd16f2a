//! Objectives: what the three steps of InstructGPT and their successors teach, as [`crate::Objective`]s.
//!
//! | step | objective | reads |
//! |---|---|---|
//! | supervised fine-tuning, PPO's pretraining mix | [`CrossEntropy`] | log-probabilities |
//! | reward model | see below | scores, values |
//! | PPO, policy | [`PpoPolicy`] | log-probabilities, entropies |
//! | PPO, critic | [`PpoValue`] | values |
//! | preferences: DPO and its kin, KTO, online and from logs | `PreferencePairs`, `LabelledResponses`, `NashPolicy`, `LoggedFeedback` | log-probabilities |
//! | policy gradients without a critic: REINFORCE to GSPO | [`on_policy`] | log-probabilities, entropies |
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
pub mod on_policy;
mod ppo_policy;
mod ppo_value;
#[cfg(feature = "alloc")]
mod preference;
mod reward;

pub use cross_entropy::CrossEntropy;
pub use ppo_policy::PpoPolicy;
pub use ppo_value::PpoValue;
#[cfg(feature = "alloc")]
pub use preference::{
    Feedback, LabelledResponses, LoggedFeedback, NashPolicy, PreferenceCounts, PreferencePairs,
};
pub use reward::{Graded, KWise, Outcome, Pairwise, PlackettLuce, PreferencePretraining, Process};

use crate::error::at;
