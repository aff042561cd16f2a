//! Trust-region policy optimization: step 3 by steps within a trust region.

use super::trainer::IterationPlan;
use super::{
    AllRoles, Guards, IterationReport, LearningPolicy, Models, OnPolicy, OnPolicyState, Prompts, Report,
    RolloutAlgorithm, RolloutTrainer, TrainError,
};
use crate::profile;
use rlhf_core::capabilities::Parameters;
use rlhf_core::optim::TrpoStep;
use rlhf_core::roles::{Reference, Reward};
use rlhf_core::sampling::StopCriteria;
use rlhf_core::{Batch, Ragged};

/// A run of TRPO ([`profile::TrustRegion`]): rollouts and advantages are those of [`OnPolicy`], the update is a
/// single step of [`rlhf_core::optim::Trpo`] on the whole rollout.
#[derive(Clone, Debug)]
pub struct TrustRegion {
    settings: profile::TrustRegion,
    rollouts: OnPolicy,
}

impl TrustRegion {
    /// A run of any length: there is no learning rate to schedule.
    ///
    /// # Errors
    /// [`TrainError::Core`] names the setting that is out of range.
    pub fn new(settings: profile::TrustRegion, seed: u64) -> Result<Self, TrainError> {
        settings.validate()?;
        Ok(Self { settings, rollouts: OnPolicy::new(settings.rollouts(), 1, seed)? })
    }

    /// The state of the run, beside its network. There are no optimizer steps to count.
    pub fn state(&self) -> OnPolicyState {
        self.rollouts.state()
    }

    /// Continues from `state`, with the network of that time.
    pub fn after(self, state: OnPolicyState) -> Self {
        Self { rollouts: self.rollouts.after(state), ..self }
    }

    /// Replaces the limits of the run. Only [`Guards::max_kl`] of [`Guards`] is read.
    ///
    /// # Errors
    /// [`TrainError::Core`] names the limit that is out of range.
    pub fn with_guards(self, guards: Guards) -> Result<Self, TrainError> {
        Ok(Self { rollouts: self.rollouts.with_guards(guards)?, ..self })
    }

    /// Samples a rollout on the first [`profile::TrustRegion::prompts`] of `prompts` and takes a step on it; where
    /// no step improves the objective, the weights stay as before. The policy's dropout has to be off.
    ///
    /// # Errors
    /// [`TrainError::Nothing`] without prompts; [`TrainError::Guard`] where a guard stops the run; a role's
    /// own.
    pub async fn iterate<P, R, F, C>(
        &mut self,
        models: &mut Models<'_, P, R, F, C>,
        prompts: Ragged<'_>,
        stopping: &StopCriteria<'_>,
    ) -> Result<(IterationReport, TrpoStep), TrainError>
    where
        P: LearningPolicy + Parameters,
        F: Reference<Error: 'static>,
        R: Reward<Error: 'static>,
    {
        let report = self.rollouts.rollout(models, prompts, stopping).await?;
        let loss_mask = report.rollouts.loss_mask();
        let batch = Batch::new(report.rollouts.sequences(), &loss_mask)?;
        let batch = batch.at_temperature(self.settings.temperature as f32)?;
        let step = self.settings.step.step(&mut models.policy, batch, report.rollouts.advantages()).await;
        let step = step.map_err(TrainError::role("policy"))?;
        self.rollouts.end_iteration();
        Ok((report, step))
    }
}

impl<'a> RolloutTrainer<'a, TrustRegion> {
    /// TRPO on these prompts.
    ///
    /// # Errors
    /// [`TrainError::Core`] names the setting that is out of range.
    pub fn trust_region(
        settings: &profile::TrustRegion,
        run: Prompts<'a>,
        seed: u64,
    ) -> Result<Self, TrainError> {
        let trpo = TrustRegion::new(*settings, seed)?.with_guards(run.guards)?;
        let prompts = settings.prompts as usize;
        Ok(Self::new(trpo, run, IterationPlan { prompts, optimizer: None, steps: 1, seed }))
    }
}

impl<N: AllRoles, R: Reward<Error: 'static>> RolloutAlgorithm<N, R> for TrustRegion {
    type State = OnPolicyState;

    async fn learn_from(
        &mut self,
        models: &mut Models<'_, N, R>,
        prompts: Ragged<'_>,
        run: &Prompts<'_>,
    ) -> Result<Report, TrainError> {
        let (report, step) = self.iterate(models, prompts, &run.stopping).await?;
        let TrpoStep { gain, kl, backtracks, .. } = step;
        let figures = [("gain", gain), ("policy_kl", kl), ("backtracks", backtracks as f64)];
        Ok(Report::from(report).and(figures))
    }

    fn run_state(&self) -> OnPolicyState {
        self.state()
    }

    fn resumed(self, state: OnPolicyState) -> Self {
        self.after(state)
    }
}
