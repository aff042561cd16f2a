//! The policy loss on a minibatch.

use super::OnPolicy;
use crate::accumulation::GradientPass;
use crate::guard::zero_grad_on_fault;
use crate::rollout::Minibatch;
use crate::{TOKENS_AT_ONCE, TrainError};
use alloc::vec;
use rlhf_core::loss::{OnPolicyStats, PolicyColumns, PolicyGradient};
use rlhf_core::roles::Learner;

impl OnPolicy {
    /// Accumulates the gradient of the surrogate, with its KL term and its entropy bonus.
    pub(super) async fn policy_loss<P: Learner<Error: 'static>>(
        &self,
        policy: &mut P,
        minibatch: &Minibatch,
    ) -> Result<OnPolicyStats, TrainError> {
        let (s, rollouts, loss_mask) = (&self.settings, &minibatch.rollouts, &minibatch.loss_mask);
        let denominator = s.normalization.denominator(rollouts.len(), minibatch.tokens());
        let mut weights = vec![0.0; loss_mask.len()];
        s.normalization.weights(rollouts.sequences().ends(), loss_mask, denominator, &mut weights)?;
        let parts = minibatch.parts(TOKENS_AT_ONCE);
        let temperature = s.temperature as f32;
        let pass = GradientPass { parts: &parts, role: "policy", temperature, texts_per_item: None };
        let mut stats = OnPolicyStats::default();
        let accumulated = pass.accumulate(
            policy,
            |part| {
                let span = part.span.clone();
                let columns = PolicyColumns {
                    ends: part.ends(),
                    old: &rollouts.log_probs()[span.clone()],
                    reference: &rollouts.ref_log_probs()[span.clone()],
                    advantages: &rollouts.advantages()[span.clone()],
                    weights: &weights[span],
                };
                let objective = PolicyGradient::new(columns, s.surrogate)?.with_entropy(s.entropy)?;
                match s.kl {
                    Some(kl) => objective.with_kl(kl),
                    None => Ok(objective),
                }
            },
            |_, objective| stats.merge(&objective.stats),
        );
        let record = accumulated.await?;
        zero_grad_on_fault(policy, self.guards.minibatch(minibatch, &record)).await?;
        Ok(stats)
    }
}
