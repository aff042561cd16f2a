//! What an iteration of step 3 showed.

use rlhf_core::Rollouts;
use rlhf_core::diagnostics::RewardParts;
use rlhf_core::loss::{PolicyStats, ValueStats};

/// What one iteration saw.
#[derive(Clone, Debug)]
pub struct IterationReport {
    /// What was written, and everything worked out about it. Values and returns lie at the token
    /// that their state ends with: a response's first return is at its prompt's last token.
    pub rollouts: Rollouts,
    /// The mean score, in units of reward, before any penalty.
    pub score: f64,
    /// The mean over responses of Σ (ln p − ln p_reference), in nats.
    pub kl: f64,
    /// The KL coefficient that was in force.
    pub beta: f64,
    /// The mean length of a response, in tokens.
    pub length: f64,
    /// The share of responses that ended by themselves.
    pub ended: f64,
    /// The mean of −ln p over response tokens, in nats: an estimate of the entropy.
    pub surprise: f64,
    /// What rewards were made of.
    pub parts: RewardParts,
    /// What the policy loss saw.
    pub policy: PolicyStats,
    /// What the value loss saw.
    pub value: ValueStats,
    /// The mean cross-entropy of the pretraining examples, in nats per token; 0 without any.
    pub pretraining: f64,
}
