//! Objectives: what the three steps of InstructGPT teach, as [`crate::Objective`]s.
//!
//! | step | objective | reads |
//! |---|---|---|
//! | supervised fine-tuning, PPO's pretraining mix | [`CrossEntropy`] | log-probabilities |
//! | reward model | [`KWise`], [`Pairwise`] | scores |
//! | PPO, policy | [`PpoPolicy`] | log-probabilities, entropies |
//! | PPO, critic | [`PpoValue`] | values |
//! | policy gradients without a critic: REINFORCE to GSPO | [`on_policy`] | log-probabilities, entropies |
//!
//! Each is made anew for every part of an optimiser batch, from slices laid out as that part, and
//! keeps sums (`stats`) that merge over parts.

mod cross_entropy;
mod k_wise;
pub mod on_policy;
mod pairwise;
mod ppo_policy;
mod ppo_value;

pub use cross_entropy::CrossEntropy;
pub use k_wise::KWise;
pub use pairwise::Pairwise;
pub use ppo_policy::PpoPolicy;
pub use ppo_value::PpoValue;

use crate::error::at;
