//! The three steps of InstructGPT (Ouyang et al., arXiv:2203.02155), and learning from preferences without
//! a reward model, over the roles of `rlhf-core`: any backend, any data. No files, no threads.
//!
//! | trainer | learns from | step by step |
//! |---|---|---|
//! | [`supervised`] | demonstrations: [`Examples`] | [`Supervised`] |
//! | [`reward_model`] | rankings: [`Ranking`] | [`RewardModel`] |
//! | | a reward, by PPO | [`Ppo`] |
//! | | a reward, by REINFORCE, GRPO and their kin | [`OnPolicy`] |
//! | [`preferences`] | pairs: [`Pairs`], by DPO and its kin | [`Preferences`] |
//! | [`kto`] | labels: [`Labelled`] | [`Kto`] |
//! | [`bandit`] | rewards of a log: [`Logged`] | [`Bandit`] |
//! | | a [`Judge`] or a reward, by online DPO, XPO, Nash-MD | [`OnlinePreferences`] |

mod bandit;
mod batches;
mod error;
mod examples;
mod fallible;
mod guard;
mod judge;
mod kto;
mod on_policy;
mod online;
mod pairs;
mod ppo;
mod preference;
mod reference;
mod reward;
mod scaled;
mod steps;
mod supervised;

pub use bandit::{Bandit, Logged, bandit};
pub use error::{TrainError, now};
pub use examples::{Examples, Passes};
pub use fallible::{Fallible, ScoreError};
pub use guard::{Fault, Guard, Guards, History, Offender, Place, Warning};
pub use judge::{Judge, Scored};
pub use kto::{Kto, Labelled, kto};
pub use on_policy::{OnPolicy, OnPolicyState, Trio};
pub use online::{OnlineIteration, OnlinePreferences, OnlineRoles};
pub use pairs::Pairs;
pub use ppo::{Iteration, Ppo, PpoState, Roles};
pub use preference::{Preferences, preference_stats, preferences};
pub use reference::NoReference;
pub use reward::{Ranking, RewardModel, ranking_accuracy, ranking_margins, reward_model};
pub use scaled::Scaled;
pub use supervised::{Supervised, supervised};

/// What an optimiser step says of itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Which, from 1.
    pub step: u64,
    /// Of how many.
    pub total: u64,
    /// The mean loss of what was shown: nats per token, or per prompt.
    pub loss: f64,
    /// The gradient's global norm, before clipping.
    pub gradient: f64,
    /// The learning rate.
    pub learning_rate: f64,
}

/// The most tokens that a forward and backward pass is shown at once. Results do not depend on it:
/// denominators are global. Memory does.
pub const TOKENS_AT_ONCE: usize = 8192;
