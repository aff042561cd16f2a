//! Proximal policy optimization (Schulman et al., arXiv:1707.06347) against a reward, with a KL penalty, a critic and
//! a pretraining mix: step 3 of InstructGPT.

mod losses;
mod pretraining_mix;
#[cfg(test)]
mod tests;

use super::guard::Place;
use super::rollout::credit::{StepRewards, whiten_advantages};
use super::rollout::{Epochs, Sampler, sample, score, values};
use super::scheduled_optimizer::ScheduledOptimizer;
use super::{Examples, Guards, IterationReport, LearningPolicy, Models, TrainError};
use crate::profile::{self, AdvantageWhitening};
use pretraining_mix::PretrainingMix;
use rlhf_core::advantage::KlController;
use rlhf_core::random::{Key, Stream};
use rlhf_core::roles::{Averaged, Critic, Learner, Reference, Reward};
use rlhf_core::sampling::{SamplingParams, StopCriteria};
use rlhf_core::{Ragged, Rollouts};
use serde::{Deserialize, Serialize};

/// A run of PPO: its settings, and its state from one iteration to the next.
#[derive(Clone, Debug)]
pub struct Ppo {
    settings: profile::Ppo,
    seed: u64,
    controller: KlController,
    policy: ScheduledOptimizer,
    critic: ScheduledOptimizer,
    iteration: u32,
    step: u64,
    guards: Guards,
}

/// The state of a run of PPO, beside its networks.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PpoState {
    /// Iterations done.
    pub iteration: u32,
    /// Optimizer steps done.
    pub step: u64,
    /// The controller, with its coefficient as it is now.
    pub controller: KlController,
}

impl Ppo {
    /// A run of `iterations` rollouts.
    ///
    /// # Errors
    /// [`TrainError::Core`] names the setting that is out of range.
    pub fn new(settings: profile::Ppo, iterations: u64, seed: u64) -> Result<Self, TrainError> {
        settings.validate()?;
        let steps = settings.steps_per_iteration();
        let optimizer = |o| ScheduledOptimizer::new(o, iterations.saturating_mul(steps), steps);
        let (controller, guards) = (settings.controller, Guards::default());
        let (policy, critic) = (optimizer(settings.policy)?, optimizer(settings.critic)?);
        Ok(Self { settings, seed, controller, policy, critic, iteration: 0, step: 0, guards })
    }

    /// The state of the run, beside its networks.
    pub fn state(&self) -> PpoState {
        PpoState { iteration: self.iteration, step: self.step, controller: self.controller }
    }

    /// Continues from `state`, with the networks and their optimizers of that time.
    pub fn after(self, state: PpoState) -> Self {
        let PpoState { iteration, step, controller } = state;
        Self { iteration, step, controller, ..self }
    }

    /// Replaces the limits of the run.
    ///
    /// # Errors
    /// [`TrainError::Core`] names the limit that is out of range.
    pub fn with_guards(self, guards: Guards) -> Result<Self, TrainError> {
        Ok(Self { guards: guards.checked()?, ..self })
    }

    /// Returns whether a moving average of the policy's weights is kept.
    pub(crate) fn averages(&self) -> bool {
        self.settings.average.is_some()
    }

    /// Samples a rollout on `prompts` and learns from it. `pretraining` holds the examples of the pretraining mix;
    /// without any there is no mix.
    ///
    /// # Errors
    /// [`TrainError::Nothing`] without prompts, or fewer than minibatches; [`TrainError::Missing`] without a
    /// reference, a reward or a critic; [`TrainError::Guard`] where a guard stops the run; a role's own.
    pub async fn iterate<P, R, F, C>(
        &mut self,
        models: &mut Models<'_, P, R, F, C>,
        prompts: Ragged<'_>,
        stopping: &StopCriteria<'_>,
        pretraining: &Examples,
    ) -> Result<IterationReport, TrainError>
    where
        P: LearningPolicy + Averaged,
        C: Critic<Error: 'static> + Learner<Error = <C as Critic>::Error>,
        F: Reference<Error: 'static>,
        R: Reward<Error: 'static>,
    {
        if prompts.is_empty() {
            return Err(TrainError::Nothing { what: "prompts" });
        }
        let (temperature, window) = (self.settings.temperature, stopping.max_new_tokens);
        let place = Place::Iteration(u64::from(self.iteration) + 1);
        let key = Key::new(self.seed, Stream::Sampling, self.iteration);
        let params = SamplingParams::at_temperature(temperature as f32);
        let sampler = Sampler { params, stopping, key, first: 0, place };

        let mut rollouts = sample(&mut models.policy, prompts, &sampler).await?;
        score(models, &mut rollouts, temperature).await?;
        values(models.critic()?, &mut rollouts).await?;
        Guards::finite(place, &rollouts)?;
        let mut report = self.advantages(rollouts, window)?;
        self.guards.before_learning(place, &report)?;
        self.learn(models, &mut report, window, pretraining).await?;
        if let Some(decay) = self.settings.average {
            models.policy.average(decay).await.map_err(TrainError::role("policy"))?;
        }
        self.controller.update(report.kl, report.rollouts.len())?;
        self.iteration += 1;
        Ok(report)
    }

    /// Rewards, advantages and returns.
    fn advantages(&self, mut rollouts: Rollouts, window: usize) -> Result<IterationReport, TrainError> {
        let (s, beta) = (&self.settings, self.controller.beta());
        let mut rewards = StepRewards::new(&rollouts, &s.shaping, beta, window)?;
        if let Some(whitening) = &s.reward_whitening {
            rewards.whiten(whitening)?;
        }
        rewards.estimate_advantages(&s.gae, &mut rollouts)?;
        if let AdvantageWhitening::Batch(whitening) = &s.advantage_whitening {
            whiten_advantages(&mut rollouts, whitening)?;
        }
        Ok(IterationReport::new(rollouts, beta, rewards.parts))
    }

    /// Epochs of minibatches: in each a step of the policy and a step of the critic.
    async fn learn<P, R, F, C>(
        &mut self,
        models: &mut Models<'_, P, R, F, C>,
        report: &mut IterationReport,
        window: usize,
        pretraining: &Examples,
    ) -> Result<(), TrainError>
    where
        P: Learner<Error: 'static>,
        C: Learner<Error: 'static>,
    {
        let &mut Self { seed, iteration, settings: profile::Ppo { epochs, minibatches, .. }, .. } = self;
        let mut mix = PretrainingMix::new(pretraining, seed, iteration);
        for minibatch in (Epochs { seed, iteration, epochs, minibatches }).minibatches(&report.rollouts) {
            let mut minibatch = minibatch?;
            if let AdvantageWhitening::Minibatch(whitening) = &self.settings.advantage_whitening {
                whiten_advantages(&mut minibatch.rollouts, whitening)?;
            }
            report.policy.merge(&self.policy_loss(&mut models.policy, &minibatch).await?);
            if let Some(settings) = self.settings.pretraining {
                mix.loss(&mut models.policy, &settings, &minibatch).await?;
            }
            let (place, all) = (minibatch.place, || minibatch.offenders());
            self.policy.step(&mut models.policy, "policy", self.step, place, all).await?;
            report.value.merge(&self.value_loss(models.critic()?, &minibatch, window).await?);
            self.critic.step(models.critic()?, "critic", self.step, place, all).await?;
            self.step += 1;
        }
        report.pretraining = mix.mean();
        Ok(())
    }
}
