//! The report of an iteration of step 3.

use rlhf_core::Rollouts;
use rlhf_core::diagnostics::RewardParts;
use rlhf_core::loss::{PolicyStats, ValueStats};
use rlhf_core::sampling::FinishReason;

/// The rollout of an iteration, and the measurements on it.
#[derive(Clone, Debug)]
pub struct IterationReport {
    /// The responses with their log-probabilities, scores, values, rewards, advantages and returns. Values and
    /// returns lie at the token that their state ends with: a response's first return is at its prompt's last token.
    pub rollouts: Rollouts,
    /// The mean score, in units of reward, before any penalty.
    pub score: f64,
    /// The mean over responses of Σ (ln p − ln p_reference), in nats.
    pub kl: f64,
    /// The KL coefficient that was in force.
    pub beta: f64,
    /// The mean length of a response, in tokens.
    pub length: f64,
    /// The share of responses that ended before the length limit.
    pub ended: f64,
    /// An estimate of the entropy: the mean of −ln p over response tokens, in nats.
    pub entropy_estimate: f64,
    /// The terms of the rewards: score, KL penalty, other penalties.
    pub parts: RewardParts,
    /// Statistics of the policy loss.
    pub policy: PolicyStats,
    /// Statistics of the value loss.
    pub value: ValueStats,
    /// The mean cross-entropy of the pretraining examples, in nats per token; 0 without any.
    pub pretraining: f64,
}

impl IterationReport {
    /// Measures a rollout that was scored and is not learnt from yet.
    pub(crate) fn new(rollouts: Rollouts, beta: f64, parts: RewardParts) -> Self {
        let n = rollouts.len() as f64;
        let tokens: usize = (0..rollouts.len()).map(|i| rollouts.response_span(i).len()).sum();
        let ended = rollouts.finish().iter().filter(|finish| **finish != FinishReason::Length).count();
        let sum = |x: &[f32]| x.iter().map(|x| f64::from(*x)).sum::<f64>();
        Self {
            score: sum(rollouts.scores()) / n,
            kl: (0..rollouts.len()).map(|i| rollouts.log_ratio(i) / n).sum(),
            beta,
            length: tokens as f64 / n,
            ended: ended as f64 / n,
            entropy_estimate: -sum(rollouts.log_probs()) / tokens as f64,
            parts,
            policy: PolicyStats::default(),
            value: ValueStats::default(),
            pretraining: 0.0,
            rollouts,
        }
    }
}
