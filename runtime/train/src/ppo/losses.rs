//! The losses of PPO on a minibatch.

use super::Ppo;
use crate::accumulation::GradientPass;
use crate::examples::Part;
use crate::guard::zero_grad_on_fault;
use crate::rollout::Minibatch;
use crate::{Guards, TOKENS_AT_ONCE, TrainError};
use alloc::vec;
use rlhf_core::loss::{PolicyStats, PpoPolicy, PpoValue, ValueStats};
use rlhf_core::roles::Learner;

impl Ppo {
    /// Accumulates the gradient of the clipped policy loss.
    pub(super) async fn policy_loss<P: Learner<Error: 'static>>(
        &self,
        policy: &mut P,
        minibatch: &Minibatch,
    ) -> Result<PolicyStats, TrainError> {
        let (s, rollouts) = (&self.settings, &minibatch.rollouts);
        let tokens = minibatch.tokens() as f64;
        // A ratio threshold looks at the whole minibatch.
        let parts = minibatch.parts(if s.ratio_threshold.is_some() { usize::MAX } else { TOKENS_AT_ONCE });
        let temperature = s.temperature as f32;
        let pass = GradientPass { parts: &parts, role: "policy", temperature, texts_per_item: None };
        let mut stats = PolicyStats::default();
        let objective = |part: &Part<'_>| {
            let (old, advantages) =
                (&rollouts.log_probs()[part.span.clone()], &rollouts.advantages()[part.span.clone()]);
            let objective = PpoPolicy::new(old, advantages, s.policy_clip, s.entropy, tokens)?;
            match s.ratio_threshold {
                Some(threshold) => objective.with_ratio_threshold(threshold),
                None => Ok(objective),
            }
        };
        let record = pass.accumulate(policy, objective, |_, objective| stats.merge(&objective.stats)).await?;
        zero_grad_on_fault(policy, self.guards.minibatch(minibatch, &record)).await?;
        Ok(stats)
    }

    /// Accumulates the gradient of the clipped value loss.
    pub(super) async fn value_loss<C: Learner<Error: 'static>>(
        &self,
        critic: &mut C,
        minibatch: &Minibatch,
        window: usize,
    ) -> Result<ValueStats, TrainError> {
        let (s, rollouts) = (&self.settings, &minibatch.rollouts);
        let none = vec![false; minibatch.loss_mask.len()];
        let mut mask = none.clone();
        for i in 0..rollouts.len() {
            let span = rollouts.response_span(i);
            // The state before each step; also the one after the last token where the score comes there.
            let steps = s.shaping.placement.steps(span.len(), window);
            mask[span.start - 1..span.start - 1 + steps].fill(true);
        }
        let steps = mask.iter().filter(|counts| **counts).count() as f64;
        let parts = minibatch.parts_with(&none, TOKENS_AT_ONCE);
        let pass = GradientPass { parts: &parts, role: "critic", temperature: 1.0, texts_per_item: None };
        let mut stats = ValueStats::default();
        let objective = |part: &Part<'_>| {
            let span = part.span.clone();
            let (old, returns) = (&rollouts.values()[span.clone()], &rollouts.returns()[span.clone()]);
            PpoValue::new(old, returns, &mask[span], s.value_clip, s.value_coefficient, steps)
        };
        let record = pass.accumulate(critic, objective, |_, objective| stats.merge(&objective.stats)).await?;
        zero_grad_on_fault(critic, Guards::critic(minibatch, &record)).await?;
        Ok(stats)
    }
}
