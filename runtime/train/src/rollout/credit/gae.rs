//! PPO's credit: a reward at each step, and generalized advantage estimation.

use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;
use rlhf_core::advantage::{Gae, Shaping, Whitening, whiten};
use rlhf_core::diagnostics::RewardParts;
use rlhf_core::{Error, Rollouts};

/// The reward of each step of a rollout: a KL penalty at each token, and the score at the end.
///
/// A response has one step for each token, and one more where the score comes after the last token.
pub(crate) struct StepRewards {
    rewards: Vec<f32>,
    /// The steps of each response.
    steps: Vec<Range<usize>>,
    /// The sums of the terms.
    pub parts: RewardParts,
}

impl StepRewards {
    /// Shapes the scores of a rollout whose responses have at most `window` tokens; `beta` is the KL coefficient.
    pub fn new(rollouts: &Rollouts, shaping: &Shaping, beta: f64, window: usize) -> Result<Self, Error> {
        let (mut rewards, mut steps) = (Vec::new(), Vec::with_capacity(rollouts.len()));
        let mut parts = RewardParts::default();
        for i in 0..rollouts.len() {
            let span = rollouts.response_span(i);
            let mut kls = vec![0.0; span.len()];
            let reference = &rollouts.ref_log_probs()[span.clone()];
            shaping.token_kls(&rollouts.log_probs()[span.clone()], reference, &mut kls)?;
            let (score, finish) = (f64::from(rollouts.scores()[i]), rollouts.finish()[i]);
            parts.record(shaping, score, finish, beta, &kls);
            let start = rewards.len();
            rewards.resize(start + shaping.placement.steps(span.len(), window), 0.0);
            shaping.rewards(&kls, beta, shaping.score(score, finish), &mut rewards[start..])?;
            steps.push(start..rewards.len());
        }
        Ok(Self { rewards, steps, parts })
    }

    /// Whitens the rewards over all steps.
    pub fn whiten(&mut self, whitening: &Whitening) -> Result<(), Error> {
        let all = vec![true; self.rewards.len()];
        whiten(&mut self.rewards, &all, whitening)
    }

    /// Fills in rewards, advantages and returns by generalized advantage estimation from the critic's values.
    ///
    /// A return lies at the token before its step, as the value does: both are of the state after that token.
    pub fn estimate_advantages(&self, gae: &Gae, rollouts: &mut Rollouts) -> Result<(), Error> {
        let mut advantages = vec![0.0; self.rewards.len()];
        let mut returns = vec![0.0; self.rewards.len()];
        for (i, steps) in self.steps.iter().enumerate() {
            let span = rollouts.response_span(i);
            gae.advantages(
                &self.rewards[steps.clone()],
                &rollouts.values()[span.start - 1..span.end],
                rollouts.finish()[i],
                &mut advantages[steps.clone()],
                &mut returns[steps.clone()],
            )?;
        }
        for (i, steps) in self.steps.iter().enumerate() {
            let span = rollouts.response_span(i);
            let of_tokens = steps.start..steps.start + span.len();
            let columns = rollouts.columns_mut();
            columns.rewards[span.clone()].copy_from_slice(&self.rewards[of_tokens.clone()]);
            columns.advantages[span.clone()].copy_from_slice(&advantages[of_tokens]);
            let states = span.start - 1..span.start - 1 + steps.len();
            columns.returns[states].copy_from_slice(&returns[steps.clone()]);
            if steps.len() > span.len() {
                columns.rewards[span.end - 1] += self.rewards[steps.end - 1];
            }
        }
        Ok(())
    }
}
