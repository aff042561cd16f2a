//! Expert iteration: the policy imitates the best of its own responses.

use super::guard::{ResponseBatch, zero_grad_on_fault};
use super::rollout::credit::response_rewards;
use super::rollout::{Epochs, IndexBatch, examples};
use super::scheduled_optimizer::ScheduledOptimizer;
use super::supervised::{self, SupervisedBatch};
use super::trainer::IterationPlan;
use super::{
    AllRoles, Examples, Guards, IterationReport, LearningPolicy, Models, OnPolicy, OnPolicyState, Prompts,
    Report, RolloutAlgorithm, RolloutTrainer, TrainError,
};
use crate::profile;
use alloc::vec;
use alloc::vec::Vec;
use rlhf_core::Ragged;
use rlhf_core::roles::{Learner, Reference, Reward};
use rlhf_core::sampling::StopCriteria;

/// A run of best-of-n, rejection sampling, RAFT or ReST ([`profile::ExpertIteration`]): rollouts are those of
/// [`OnPolicy`], the update is supervised fine-tuning on the responses that are kept. The reference only measures
/// the KL.
#[derive(Clone, Debug)]
pub struct ExpertIteration {
    settings: profile::ExpertIteration,
    seed: u64,
    optimizer: ScheduledOptimizer,
    rollouts: OnPolicy,
}

/// The rollout of an iteration, and the responses that were imitated.
#[derive(Clone, Debug)]
pub struct Selected {
    /// The rollout; responses to one prompt are next to each other.
    pub report: IterationReport,
    /// `true` for each response that was kept.
    pub keep: Vec<bool>,
    /// The mean score of the responses that were kept; `None` without any, and then nothing was learnt.
    pub kept_score: Option<f64>,
    /// The mean loss of the iteration's steps, in nats per token.
    pub loss: f64,
}

impl ExpertIteration {
    /// A run of `iterations`.
    ///
    /// # Errors
    /// [`TrainError::Core`] names the setting that is out of range.
    pub fn new(settings: profile::ExpertIteration, iterations: u64, seed: u64) -> Result<Self, TrainError> {
        settings.validate()?;
        let optimizer = ScheduledOptimizer::of_rollouts(&settings.passes, iterations)?;
        Ok(Self {
            settings,
            seed,
            optimizer,
            rollouts: OnPolicy::new(settings.rollouts(), iterations, seed)?,
        })
    }

    /// Continues after `iterations` iterations, with the policy and its optimizer of that time.
    pub fn after(self, iterations: u32) -> Self {
        let state = OnPolicyState { iteration: iterations, ..self.rollouts.state() };
        Self { rollouts: self.rollouts.after(state), ..self }
    }

    /// Iterations done.
    pub fn iteration(&self) -> u32 {
        self.rollouts.state().iteration
    }

    /// Replaces the limits of the run. Only [`Guards::max_kl`] of [`Guards`] is read.
    ///
    /// # Errors
    /// [`TrainError::Core`] names the limit that is out of range.
    pub fn with_guards(self, guards: Guards) -> Result<Self, TrainError> {
        Ok(Self { rollouts: self.rollouts.with_guards(guards)?, ..self })
    }

    /// Samples responses to the first [`profile::ExpertIteration::prompts`] of `prompts`, and imitates those that
    /// are kept.
    ///
    /// # Errors
    /// [`TrainError::Nothing`] without prompts; [`TrainError::Guard`] where a guard stops the run; a role's
    /// own.
    pub async fn iterate<P, R, F, C>(
        &mut self,
        models: &mut Models<'_, P, R, F, C>,
        prompts: Ragged<'_>,
        stopping: &StopCriteria<'_>,
    ) -> Result<Selected, TrainError>
    where
        P: LearningPolicy,
        F: Reference<Error: 'static>,
        R: Reward<Error: 'static>,
    {
        let report = self.rollouts.rollout(models, prompts, stopping).await?;
        let (scores, group) = (report.rollouts.scores(), self.settings.group as usize);
        let rewards = response_rewards(&self.settings.rollouts(), &report.rollouts)?;
        let ends: Vec<usize> = (1..=scores.len() / group).map(|i| i * group).collect();
        let mut keep = vec![false; scores.len()];
        self.settings.selection.keep(&rewards, &ends, &mut keep)?;
        let kept: Vec<usize> = (0..keep.len()).filter(|&i| keep[i]).collect();
        let sum: f64 = kept.iter().map(|&i| f64::from(scores[i])).sum();
        let kept_score = (!kept.is_empty()).then(|| sum / kept.len() as f64);
        let examples = examples(&report.rollouts, kept.iter().copied())?;
        let loss = self.imitate(&mut models.policy, &examples, &kept).await?;
        self.rollouts.end_iteration();
        Ok(Selected { report, keep, kept_score, loss })
    }

    /// Epochs of supervised fine-tuning on the responses that were kept, whose indices in the rollout are `kept`.
    /// Returns the mean loss.
    async fn imitate<P: Learner<Error: 'static>>(
        &self,
        policy: &mut P,
        examples: &Examples,
        kept: &[usize],
    ) -> Result<f64, TrainError> {
        let epochs = Epochs::new(&self.settings.passes, self.seed, self.iteration());
        let mut losses = Vec::new();
        for IndexBatch { indices, step, place } in epochs.batches(5 << 18, kept.len()) {
            let chosen = examples.select(indices.iter().copied());
            let items: Vec<usize> = indices.iter().map(|&i| kept[i]).collect();
            let denominator = chosen.loss_tokens() as f64;
            let batch = SupervisedBatch { examples: &chosen, indices: &items, denominator, coefficient: 1.0 };
            let (loss, record) = supervised::gradient(policy, "policy", &batch).await?;
            let responses = ResponseBatch { texts: &chosen, items: &items, texts_per_item: 1 };
            zero_grad_on_fault(policy, responses.learner(place, &record)).await?;
            self.optimizer.step(policy, "policy", step, place, || responses.offenders()).await?;
            losses.push(loss);
        }
        Ok(losses.iter().sum::<f64>() / losses.len().max(1) as f64)
    }
}

impl<'a> RolloutTrainer<'a, ExpertIteration> {
    /// Expert iteration on these prompts.
    ///
    /// # Errors
    /// [`TrainError::Core`] names the setting that is out of range.
    pub fn expert_iteration(
        settings: &profile::ExpertIteration,
        run: Prompts<'a>,
        seed: u64,
    ) -> Result<Self, TrainError> {
        let algorithm =
            ExpertIteration::new(*settings, run.iterations.into(), seed)?.with_guards(run.guards)?;
        let plan = IterationPlan::of_passes(settings.prompts as usize, &settings.passes, seed);
        Ok(Self::new(algorithm, run, plan))
    }
}

impl<N: AllRoles, R: Reward<Error: 'static>> RolloutAlgorithm<N, R> for ExpertIteration {
    /// Iterations done.
    type State = u32;

    async fn learn_from(
        &mut self,
        models: &mut Models<'_, N, R>,
        prompts: Ragged<'_>,
        run: &Prompts<'_>,
    ) -> Result<Report, TrainError> {
        let Selected { report, keep, kept_score, loss } =
            self.iterate(models, prompts, &run.stopping).await?;
        let kept = keep.iter().filter(|kept| **kept).count() as f64 / keep.len() as f64;
        let score = kept_score.map(|score| ("kept_reward", score));
        Ok(Report::from(report).and([("loss", loss), ("kept", kept)].into_iter().chain(score)))
    }

    fn run_state(&self) -> u32 {
        self.iteration()
    }

    fn resumed(self, state: u32) -> Self {
        self.after(state)
    }
}
