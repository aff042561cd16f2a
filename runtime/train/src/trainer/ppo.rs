//! PPO as a trainer.

use super::models::required;
use super::rollouts::IterationPlan;
use super::{AllRoles, Models, Prompts, Report, RolloutTrainer, Trainer};
use crate::{Ppo, PpoState, Roles, TrainError, profile};
use rlhf_core::roles::Reward;

impl<'a> RolloutTrainer<'a, Ppo> {
    /// PPO on these prompts.
    ///
    /// # Errors
    /// [`TrainError::Core`] names the setting that is out of range.
    pub fn ppo(settings: &profile::Ppo, on: Prompts<'a>, seed: u64) -> Result<Self, TrainError> {
        let ppo = Ppo::new(*settings, on.iterations.into(), seed)?.with_guards(on.guards)?;
        Ok(Self::of(ppo, on, plan(settings, seed)))
    }
}

/// What an iteration of PPO takes.
pub(crate) fn plan(settings: &profile::Ppo, seed: u64) -> IterationPlan {
    let optimizer = Some((settings.policy, settings.steps_per_iteration()));
    IterationPlan { prompts: settings.responses_per_iteration() as usize, optimizer, seed }
}

impl<N: AllRoles, R: Reward<Error: 'static>> Trainer<N, R> for RolloutTrainer<'_, Ppo> {
    type State = PpoState;

    async fn iterate(&mut self, models: &mut Models<'_, N, R>) -> Result<Option<Report>, TrainError> {
        let Some(batch) = self.next_prompts()? else { return Ok(None) };
        let (prompts, stopping, mix) = (batch.sequences()?, self.on.stopping, self.on.mix);
        let Models { policy, reference, reward, critic, .. } = models;
        let (reference, reward) = (required(reference, "reference")?, required(reward, "reward")?);
        let mut roles =
            Roles { policy, critic: required(critic, "critic")?, reference, reward: &mut **reward };
        let seen = self.algorithm.iterate(&mut roles, prompts, &stopping, mix).await;
        self.report(&batch, seen)
    }

    fn state(&self) -> PpoState {
        self.algorithm.state()
    }

    fn restore(&mut self, done: u64, state: PpoState) {
        self.algorithm = self.algorithm.clone().after(state);
        self.skip(done);
    }

    async fn finish(&mut self, models: &mut Models<'_, N, R>) -> Result<(), TrainError> {
        swap_average(&self.algorithm, &mut models.policy).await
    }
}

/// Makes of the policy its moving average, where the settings keep one, or the other way round.
pub(crate) async fn swap_average<N: AllRoles>(ppo: &Ppo, policy: &mut N) -> Result<(), TrainError> {
    if !ppo.averages() {
        return Ok(());
    }
    policy.swap_average().await.map_err(TrainError::role("policy"))
}
