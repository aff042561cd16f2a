//! The three steps of InstructGPT (Ouyang et al., arXiv:2203.02155), over the roles of `rlhf-core`:
//! any backend, any data. No files, no threads.

mod batches;
mod error;
mod examples;
mod fallible;
mod guard;
mod on_policy;
mod ppo;
mod reward;
mod scaled;
mod supervised;

pub use error::{TrainError, now};
pub use examples::{Examples, Passes};
pub use fallible::{Fallible, ScoreError};
pub use guard::{Fault, Guard, Guards, History, Offender, Place, Warning};
pub use on_policy::{OnPolicy, OnPolicyState, Trio};
pub use ppo::{Iteration, Ppo, PpoState, Roles};
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
