//! Objectives: what the three steps of InstructGPT and their successors teach, as [`crate::Objective`]s.
//!
//! | step | objective | reads |
//! |---|---|---|
//! | supervised fine-tuning, PPO's pretraining mix | [`CrossEntropy`] | log-probabilities |
//! | reward model | see below | scores, values |
//! | PPO, policy | [`PpoPolicy`] | log-probabilities, entropies |
//! | PPO, critic | [`PpoValue`] | values |
//! | preferences: DPO and its kin, KTO, online and from logs | `PreferencePairs`, `LabeledResponses`, `NashPolicy`, `LoggedFeedback` | log-probabilities |
//! | policy gradients without a critic: REINFORCE to GSPO | [`on_policy`] | log-probabilities, entropies |
//! | before language models: TAMER, COACH, segment preferences | [`control`] | values, log-probabilities |
//! | a gradient along given numbers (TRPO) | [`Linear`] | log-probabilities |
//!
//! What needs more than scalars (distillation, ILQL, NLPO) is in `rows`.
//!
//! What reward models learn from:
//!
//! | labels | objective | reads |
//! |---|---|---|
//! | the better of two answers, by how much | [`Pairwise`] | scores |
//! | rankings, as all their pairs, as successive choices, or the best of several | [`Ranked`] | scores |
//! | the better of two answers, a tie, or degrees of preference | [`Graded`] | scores |
//! | right or wrong, whole answers | [`Outcome`] | scores |
//! | right or wrong, each step of an answer | [`Process`] | values |
//! | the better of two texts, before there are comparisons by people | [`PreferencePretraining`] | scores, log-probabilities |
//!
//! Each is made anew for every part of an optimizer batch, from slices laid out as that part, and
//! keeps sums (`stats`) that merge over parts.

pub mod control;
mod cross_entropy;
mod linear;
pub mod on_policy;
mod ppo_policy;
mod ppo_value;
#[cfg(feature = "alloc")]
mod preference;
mod reward;
#[cfg(feature = "alloc")]
pub mod rows;

pub use cross_entropy::CrossEntropy;
pub use linear::Linear;
pub use ppo_policy::PpoPolicy;
pub use ppo_value::PpoValue;
#[cfg(feature = "alloc")]
pub use preference::{
    Feedback, LabeledResponses, LoggedFeedback, NashPolicy, PreferenceCounts, PreferencePairs,
};
pub use reward::{Graded, Outcome, Pairwise, PreferencePretraining, Process, Ranked, RankingLoss};
