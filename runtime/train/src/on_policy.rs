//! Policy gradients without a critic: REINFORCE, RLOO, GRPO and their kin. Several responses to each prompt are
//! compared with one another, or with a baseline.

mod groups;
mod loss;
mod response_groups;

use super::guard::Place;
use super::rollout::credit::{CreditedGroups, reward_parts};
use super::rollout::{Epochs, log_probs};
use super::scheduled_optimizer::ScheduledOptimizer;
use super::{Guards, IterationReport, LearningPolicy, Models, TrainError};
use crate::profile::{self, Credit};
use alloc::vec;
use response_groups::Groups;
use rlhf_core::advantage::{Baseline, MovingBaseline};
use rlhf_core::roles::{Learner, Policy, Reference, Reward};
use rlhf_core::sampling::StopCriteria;
use rlhf_core::{Ragged, Rollouts};
use serde::{Deserialize, Serialize};

/// A run of REINFORCE, RLOO, GRPO or one of their kin: its settings, and its state from one iteration to the next.
#[derive(Clone, Debug)]
pub struct OnPolicy {
    settings: profile::OnPolicy,
    seed: u64,
    optimizer: ScheduledOptimizer,
    guards: Guards,
    state: OnPolicyState,
}

/// The state of a run, beside its networks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnPolicyState {
    /// Iterations done.
    pub iteration: u32,
    /// Optimizer steps done.
    pub step: u64,
    /// The moving average of rewards, where that is the baseline.
    pub baseline: Option<MovingBaseline>,
}

impl OnPolicy {
    /// A run of `iterations` rollouts.
    ///
    /// # Errors
    /// [`TrainError::Core`] names the setting that is out of range.
    pub fn new(settings: profile::OnPolicy, iterations: u64, seed: u64) -> Result<Self, TrainError> {
        settings.validate()?;
        let optimizer = ScheduledOptimizer::of_rollouts(&settings.passes, iterations)?;
        let baseline = match settings.credit {
            Credit::Response(credit) => match credit.baseline {
                Baseline::Moving { decay } => Some(MovingBaseline::new(decay)?),
                _ => None,
            },
            Credit::Token { .. } => None,
        };
        let state = OnPolicyState { baseline, ..OnPolicyState::default() };
        Ok(Self { settings, seed, optimizer, guards: Guards::default(), state })
    }

    /// The number of iterations that the sampler lags behind the policy, where it does.
    pub(crate) fn lag(&self) -> Option<u32> {
        Some(self.settings.stale).filter(|lag| *lag > 0)
    }

    /// The state of the run, beside its networks.
    pub fn state(&self) -> OnPolicyState {
        self.state
    }

    /// Continues from `state`, with the network and its optimizer of that time.
    pub fn after(self, state: OnPolicyState) -> Self {
        Self { state, ..self }
    }

    /// Replaces the limits of the run.
    ///
    /// # Errors
    /// [`TrainError::Core`] names the limit that is out of range.
    pub fn with_guards(self, guards: Guards) -> Result<Self, TrainError> {
        Ok(Self { guards: guards.checked()?, ..self })
    }

    /// Samples a rollout and learns from it. Only the first [`profile::OnPolicy::prompts`] of `prompts` are
    /// answered; where prompts without signal are replaced, as many again, until enough have a signal or there are
    /// no more prompts.
    ///
    /// # Errors
    /// [`TrainError::Nothing`] without prompts, with fewer responses than minibatches, or where prompts without
    /// signal are replaced and no prompt has one; [`TrainError::Missing`] without a reference or a reward;
    /// [`TrainError::Guard`] where a guard stops the run; a role's own.
    pub async fn iterate<P, R, F, C>(
        &mut self,
        models: &mut Models<'_, P, R, F, C>,
        prompts: Ragged<'_>,
        stopping: &StopCriteria<'_>,
    ) -> Result<IterationReport, TrainError>
    where
        P: LearningPolicy,
        F: Reference<Error: 'static>,
        R: Reward<Error: 'static>,
    {
        let mut report = self.rollout(models, prompts, stopping).await?;
        self.learn(&mut models.policy, &mut report).await?;
        self.end_iteration();
        Ok(report)
    }

    /// The next rollout, with advantages. An algorithm with another update learns from it, and then calls
    /// [`Self::end_iteration`].
    pub(super) async fn rollout<P, R, F, C>(
        &mut self,
        models: &mut Models<'_, P, R, F, C>,
        prompts: Ragged<'_>,
        stopping: &StopCriteria<'_>,
    ) -> Result<IterationReport, TrainError>
    where
        P: Policy<Error: 'static>,
        F: Reference<Error: 'static>,
        R: Reward<Error: 'static>,
    {
        let groups = self.sample_groups(models, prompts, stopping).await?;
        if groups.rollouts.len() < self.settings.passes.minibatches as usize {
            return Err(TrainError::Nothing { what: "responses for every minibatch" });
        }
        let report = self.advantages(&mut models.policy, groups).await?;
        self.guards.before_learning(self.place(), &report)?;
        Ok(report)
    }

    /// Counts an iteration that was learnt from.
    pub(super) fn end_iteration(&mut self) {
        self.state.iteration += 1;
    }

    /// The current iteration, for errors.
    fn place(&self) -> Place {
        Place::Iteration(u64::from(self.state.iteration) + 1)
    }

    /// The advantages of the responses, weighted where the policy is not quite the sampler.
    async fn advantages<P: Policy<Error: 'static>>(
        &mut self,
        policy: &mut P,
        groups: Groups,
    ) -> Result<IterationReport, TrainError> {
        let s = self.settings;
        let Groups { mut rollouts, ends, rewards, baselines } = groups;
        let credited =
            CreditedGroups { rollouts: &rollouts, ends: &ends, rewards: &rewards, baselines: &baselines };
        let advantages = credited.advantages(&s)?;
        rollouts.columns_mut().advantages.copy_from_slice(&advantages);
        if let Some(baseline) = &mut self.state.baseline {
            baseline.update(&rewards)?;
        }
        self.correct_importance(policy, &mut rollouts).await?;
        Guards::finite(self.place(), &rollouts)?;
        let parts = reward_parts(&s, &rollouts, &rewards)?;
        Ok(IterationReport::new(rollouts, s.kl.map_or(s.beta, |kl| kl.beta), parts))
    }

    /// Weights the advantages by the ratio of the policy to the sampler, and takes over the policy's
    /// log-probabilities, to which the ratios of the loss are measured.
    async fn correct_importance<P: Reference<Error: 'static>>(
        &self,
        policy: &mut P,
        rollouts: &mut Rollouts,
    ) -> Result<(), TrainError> {
        let Some(importance) = self.settings.importance else { return Ok(()) };
        let loss_mask = rollouts.loss_mask();
        let mut weights = vec![0.0; loss_mask.len()];
        let trainer = log_probs(policy, "policy", rollouts, self.settings.temperature).await?;
        let ends = rollouts.sequences().ends();
        importance.weights(&trainer, rollouts.log_probs(), ends, &loss_mask, &mut weights)?;
        let columns = rollouts.columns_mut();
        for t in (0..loss_mask.len()).filter(|&t| loss_mask[t]) {
            columns.advantages[t] *= weights[t];
            columns.log_probs[t] = trainer[t];
        }
        Ok(())
    }

    /// Epochs of minibatches, with a step of the policy in each.
    async fn learn<P: Learner<Error: 'static>>(
        &mut self,
        policy: &mut P,
        report: &mut IterationReport,
    ) -> Result<(), TrainError> {
        let epochs = Epochs::new(&self.settings.passes, self.seed, self.state.iteration);
        for minibatch in epochs.minibatches(&report.rollouts) {
            let minibatch = minibatch?;
            report.policy.merge(&self.policy_loss(policy, &minibatch).await?.ratios);
            let (place, all) = (minibatch.place, || minibatch.offenders());
            self.optimizer.step(policy, "policy", self.state.step, place, all).await?;
            self.state.step += 1;
        }
        Ok(())
    }
}
