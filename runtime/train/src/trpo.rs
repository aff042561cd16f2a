//! Step 3 by steps within a trust region.

use super::trainer::{IterationPlan, trio};
use super::{
    AllRoles, Guards, IterationReport, LearningPolicy, Models, OnPolicy, OnPolicyState, Prompts, Report,
    RolloutTrainer, TrainError, Trainer, Trio,
};
use crate::profile;
use rlhf_core::capabilities::Parameters;
use rlhf_core::optim::TrpoStep;
use rlhf_core::roles::{Reference, Reward};
use rlhf_core::sampling::StopCriteria;
use rlhf_core::{Batch, Ragged};

/// TRPO ([`profile::TrustRegion`]): rollouts and advantages are those of [`OnPolicy`], what is learnt from
/// one is a single step of [`rlhf_core::optim::Trpo`], to which it is shown at once.
#[derive(Clone, Debug)]
pub struct TrustRegion {
    settings: profile::TrustRegion,
    rollouts: OnPolicy,
}

impl TrustRegion {
    /// A run; it may be as long as one likes, for no rate falls.
    ///
    /// # Errors
    /// [`TrainError::Core`] names the setting that is out of range.
    pub fn new(settings: profile::TrustRegion, seed: u64) -> Result<Self, TrainError> {
        settings.validate()?;
        Ok(Self { settings, rollouts: OnPolicy::new(settings.rollouts(), 1, seed)? })
    }

    /// What this run has to remember beside its network. There are no optimizer steps to count.
    pub fn state(&self) -> OnPolicyState {
        self.rollouts.state()
    }

    /// Goes on from `state`, with a network that remembers its own.
    pub fn after(self, state: OnPolicyState) -> Self {
        Self { rollouts: self.rollouts.after(state), ..self }
    }

    /// The same run under other limits; of [`Guards`], [`Guards::max_kl`] is read.
    ///
    /// # Errors
    /// [`TrainError::Core`] names the limit that is out of range.
    pub fn with_guards(self, guards: Guards) -> Result<Self, TrainError> {
        Ok(Self { rollouts: self.rollouts.with_guards(guards)?, ..self })
    }

    /// One rollout on the first [`profile::TrustRegion::prompts`] of `prompts`, and the step that is taken
    /// on it, if any is worth taking: else the weights are as before. The policy's dropout has to be off.
    ///
    /// # Errors
    /// [`TrainError::Nothing`] without prompts; [`TrainError::Guard`] where a guard stops the run; a role's
    /// own.
    pub async fn iterate<P, F, R>(
        &mut self,
        roles: &mut Trio<'_, P, F, R>,
        prompts: Ragged<'_>,
        stopping: &StopCriteria<'_>,
    ) -> Result<(IterationReport, TrpoStep), TrainError>
    where
        P: LearningPolicy + Parameters,
        F: Reference<Error: 'static>,
        R: Reward<Error: 'static>,
    {
        let seen = self.rollouts.rollout(roles, prompts, stopping).await?;
        let loss_mask = seen.rollouts.loss_mask();
        let batch = Batch::new(seen.rollouts.sequences(), &loss_mask)?;
        let batch = batch.at_temperature(self.settings.temperature as f32)?;
        let step = self.settings.step.step(roles.policy, batch, seen.rollouts.advantages()).await;
        let step = step.map_err(TrainError::role("policy"))?;
        self.rollouts.learnt();
        Ok((seen, step))
    }
}

impl<'a> RolloutTrainer<'a, TrustRegion> {
    /// TRPO on these prompts.
    ///
    /// # Errors
    /// [`TrainError::Core`] names the setting that is out of range.
    pub fn trust_region(
        settings: &profile::TrustRegion,
        on: Prompts<'a>,
        seed: u64,
    ) -> Result<Self, TrainError> {
        let trpo = TrustRegion::new(*settings, seed)?.with_guards(on.guards)?;
        Ok(Self::of(trpo, on, IterationPlan { prompts: settings.prompts as usize, optimizer: None, seed }))
    }
}

impl<N: AllRoles, R: Reward<Error: 'static>> Trainer<N, R> for RolloutTrainer<'_, TrustRegion> {
    type State = OnPolicyState;

    async fn iterate(&mut self, models: &mut Models<'_, N, R>) -> Result<Option<Report>, TrainError> {
        let Some(batch) = self.next_prompts()? else { return Ok(None) };
        let (prompts, stopping) = (batch.sequences()?, self.on.stopping);
        let seen = self.algorithm.iterate(&mut trio(models)?, prompts, &stopping).await;
        let seen = seen.map(|(seen, TrpoStep { gain, kl, backtracks, .. })| {
            let figures = [("gain", gain), ("policy_kl", kl), ("backtracks", backtracks as f64)];
            Report::from(seen).and(figures)
        });
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
