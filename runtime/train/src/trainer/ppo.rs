//! PPO as a trainer.

use super::rollouts::IterationPlan;
use super::{AllRoles, Models, Prompts, Report, RolloutAlgorithm, RolloutTrainer};
use crate::{Ppo, PpoState, TrainError, profile};
use rlhf_core::Ragged;
use rlhf_core::roles::Reward;

impl<'a> RolloutTrainer<'a, Ppo> {
    /// PPO on these prompts.
    ///
    /// # Errors
    /// [`TrainError::Core`] names the setting that is out of range.
    pub fn ppo(settings: &profile::Ppo, run: Prompts<'a>, seed: u64) -> Result<Self, TrainError> {
        let ppo = Ppo::new(*settings, run.iterations.into(), seed)?.with_guards(run.guards)?;
        Ok(Self::new(ppo, run, IterationPlan::of_ppo(settings, seed)))
    }
}

impl IterationPlan {
    /// The size of an iteration of PPO.
    pub(crate) fn of_ppo(settings: &profile::Ppo, seed: u64) -> Self {
        let (prompts, steps) = (settings.responses_per_iteration() as usize, settings.steps_per_iteration());
        Self { prompts, optimizer: Some(settings.policy), steps, seed }
    }
}

impl<N: AllRoles, R: Reward<Error: 'static>> RolloutAlgorithm<N, R> for Ppo {
    type State = PpoState;

    async fn learn_from(
        &mut self,
        models: &mut Models<'_, N, R>,
        prompts: Ragged<'_>,
        run: &Prompts<'_>,
    ) -> Result<Report, TrainError> {
        Ok(self.iterate(models, prompts, &run.stopping, run.mix).await?.into())
    }

    fn run_state(&self) -> PpoState {
        self.state()
    }

    fn resumed(self, state: PpoState) -> Self {
        self.after(state)
    }

    async fn finish_models(&self, models: &mut Models<'_, N, R>) -> Result<(), TrainError> {
        if !self.averages() {
            return Ok(());
        }
        models.policy.swap_average().await.map_err(TrainError::role("policy"))
    }
}
