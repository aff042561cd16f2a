//! REINFORCE, GRPO and their kin as a trainer.

use super::models::required;
use super::rollouts::IterationPlan;
use super::{AllRoles, Models, Prompts, Report, RolloutTrainer, Trainer};
use crate::{LaggedSampler, OnPolicy, OnPolicyState, TrainError, Trio, profile};
use rlhf_core::optim::Follow;
use rlhf_core::roles::Reward;

impl<'a> RolloutTrainer<'a, OnPolicy> {
    /// REINFORCE, GRPO or one of their kin on these prompts. Where the settings have the sampler lag behind, it is
    /// the first of the other networks, and starts as a copy of the policy.
    ///
    /// # Errors
    /// [`TrainError::Core`] names the setting that is out of range.
    pub fn on_policy(settings: &profile::OnPolicy, on: Prompts<'a>, seed: u64) -> Result<Self, TrainError> {
        let algorithm = OnPolicy::new(*settings, on.iterations.into(), seed)?.with_guards(on.guards)?;
        let optimizer = Some((settings.optimizer, settings.steps_per_iteration()));
        let prompts = settings.prompts_per_iteration();
        Ok(Self::of(algorithm, on, IterationPlan { prompts, optimizer, seed }))
    }
}

/// Policy, reference and reward among these.
pub(crate) fn trio<'m, N, R>(models: &'m mut Models<'_, N, R>) -> Result<Trio<'m, N, N, R>, TrainError> {
    let Models { policy, reference, reward, .. } = models;
    Ok(Trio { policy, reference: required(reference, "reference")?, reward: required(reward, "reward")? })
}

impl<N: AllRoles, R: Reward<Error: 'static>> Trainer<N, R> for RolloutTrainer<'_, OnPolicy> {
    type State = OnPolicyState;

    async fn iterate(&mut self, models: &mut Models<'_, N, R>) -> Result<Option<Report>, TrainError> {
        let Some(batch) = self.next_prompts()? else { return Ok(None) };
        let (prompts, stopping) = (batch.sequences()?, self.on.stopping);
        let Some(lag) = self.algorithm.lag() else {
            let seen = self.algorithm.iterate(&mut trio(models)?, prompts, &stopping).await;
            return self.report(&batch, seen);
        };
        let Models { policy, reference, reward, others, .. } = models;
        let sampler = others.first_mut().ok_or(TrainError::Missing { role: "sampler" })?;
        let (reference, reward) = (required(reference, "reference")?, required(reward, "reward")?);
        let mut stale = LaggedSampler { policy: &mut *policy, sampler: &mut *sampler };
        let mut roles = Trio { policy: &mut stale, reference, reward: &mut **reward };
        let seen = self.algorithm.iterate(&mut roles, prompts, &stopping).await;
        if seen.is_ok() {
            let follow = Follow::Every { iterations: lag.saturating_add(1) };
            let followed = follow.follow(self.algorithm.state().iteration, policy, sampler).await;
            followed.map_err(TrainError::role("sampler"))?;
        }
        self.report(&batch, seen)
    }

    fn state(&self) -> OnPolicyState {
        self.algorithm.state()
    }

    fn restore(&mut self, done: u64, state: OnPolicyState) {
        self.algorithm = self.algorithm.clone().after(state);
        self.skip(done);
    }
}
