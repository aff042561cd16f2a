//! REINFORCE, GRPO and their kin as a trainer.

use super::rollouts::IterationPlan;
use super::{AllRoles, Models, Prompts, Report, RolloutAlgorithm, RolloutTrainer};
use crate::{LaggedSampler, OnPolicy, OnPolicyState, TrainError, profile};
use alloc::vec::Vec;
use rlhf_core::Ragged;
use rlhf_core::optim::Follow;
use rlhf_core::roles::Reward;

impl<'a> RolloutTrainer<'a, OnPolicy> {
    /// REINFORCE, GRPO or one of their kin on these prompts. Where the settings have the sampler lag behind, it is
    /// the first of the other networks, and starts as a copy of the policy.
    ///
    /// # Errors
    /// [`TrainError::Core`] names the setting that is out of range.
    pub fn on_policy(settings: &profile::OnPolicy, run: Prompts<'a>, seed: u64) -> Result<Self, TrainError> {
        let algorithm = OnPolicy::new(*settings, run.iterations.into(), seed)?.with_guards(run.guards)?;
        let plan = IterationPlan::of_passes(settings.prompts_per_iteration(), &settings.passes, seed);
        Ok(Self::new(algorithm, run, plan))
    }
}

impl<N: AllRoles, R: Reward<Error: 'static>> RolloutAlgorithm<N, R> for OnPolicy {
    type State = OnPolicyState;

    async fn learn_from(
        &mut self,
        models: &mut Models<'_, N, R>,
        prompts: Ragged<'_>,
        run: &Prompts<'_>,
    ) -> Result<Report, TrainError> {
        let Some(lag) = self.lag() else {
            return Ok(self.iterate(models, prompts, &run.stopping).await?.into());
        };
        let Models { policy, reference, reward, others, .. } = models;
        let sampler = others.first_mut().ok_or(TrainError::Missing { role: "sampler" })?;
        let mut lagged: Models<'_, _, R, _, N> = Models {
            policy: LaggedSampler { policy: &mut *policy, sampler: &mut *sampler },
            reference: reference.as_mut(),
            reward: reward.as_deref_mut(),
            critic: None,
            others: Vec::new(),
        };
        let report = self.iterate(&mut lagged, prompts, &run.stopping).await?;
        let follow = Follow::Every { iterations: lag.saturating_add(1) };
        let followed = follow.follow(self.state().iteration, policy, sampler).await;
        followed.map_err(TrainError::role("sampler"))?;
        Ok(report.into())
    }

    fn run_state(&self) -> OnPolicyState {
        self.state()
    }

    fn resumed(self, state: OnPolicyState) -> Self {
        self.after(state)
    }
}
