//! Expert iteration: the best of a policy's own responses are imitated.

use super::guard::{Place, Shown, zero_grad};
use super::scheduled_optimizer::ScheduledOptimizer;
use super::trainer::{IterationPlan, trio};
use super::written::examples;
use super::{
    AllRoles, Examples, Guards, IterationReport, LearningPolicy, Models, OnPolicy, OnPolicyState, Passes,
    Prompts, Report, RolloutTrainer, TrainError, Trainer, Trio, supervised,
};
use crate::profile;
use alloc::vec;
use alloc::vec::Vec;
use rlhf_core::Ragged;
use rlhf_core::random::{Key, Stream};
use rlhf_core::roles::{Learner, Reference, Reward};
use rlhf_core::sampling::StopCriteria;

/// Best-of-n, rejection sampling, RAFT, ReST ([`profile::ExpertIteration`]): rollouts are those of
/// [`OnPolicy`], what is learnt from one is to write what is kept of it. Nothing is remembered from one
/// iteration to the next but the policy. The reference is asked how far that has come.
#[derive(Clone, Debug)]
pub struct ExpertIteration {
    settings: profile::ExpertIteration,
    seed: u64,
    pace: ScheduledOptimizer,
    rollouts: OnPolicy,
}

/// What one iteration saw.
#[derive(Clone, Debug)]
pub struct Selected {
    /// What was written, with its scores; responses to one prompt are neighbors.
    pub seen: IterationReport,
    /// Which of the responses were kept.
    pub keep: Vec<bool>,
    /// The mean score of those kept; `None` where none were, and nothing was learnt.
    pub kept_score: Option<f64>,
    /// The mean loss of its steps, in nats per token.
    pub loss: f64,
}

impl ExpertIteration {
    /// A run of `iterations`.
    ///
    /// # Errors
    /// [`TrainError::Core`] names the setting that is out of range.
    pub fn new(settings: profile::ExpertIteration, iterations: u64, seed: u64) -> Result<Self, TrainError> {
        settings.validate()?;
        let each = settings.steps_per_iteration();
        let pace = ScheduledOptimizer::new(settings.optimizer, iterations.saturating_mul(each), each)?;
        Ok(Self { settings, seed, pace, rollouts: OnPolicy::new(settings.rollouts(), iterations, seed)? })
    }

    /// Goes on after `iterations` that were done before, by a policy that remembers them.
    pub fn after(self, iterations: u32) -> Self {
        let state = OnPolicyState { iteration: iterations, ..self.rollouts.state() };
        Self { rollouts: self.rollouts.after(state), ..self }
    }

    /// Iterations done.
    pub fn iteration(&self) -> u32 {
        self.rollouts.state().iteration
    }

    /// The same run under other limits; of [`Guards`], [`Guards::max_kl`] is read.
    ///
    /// # Errors
    /// [`TrainError::Core`] names the limit that is out of range.
    pub fn with_guards(self, guards: Guards) -> Result<Self, TrainError> {
        Ok(Self { rollouts: self.rollouts.with_guards(guards)?, ..self })
    }

    /// Responses to the first [`profile::ExpertIteration::prompts`] of `prompts`, and what is learnt from
    /// those that are kept.
    ///
    /// # Errors
    /// [`TrainError::Nothing`] without prompts; [`TrainError::Guard`] where a guard stops the run; a role's
    /// own.
    pub async fn iterate<P, F, R>(
        &mut self,
        roles: &mut Trio<'_, P, F, R>,
        prompts: Ragged<'_>,
        stopping: &StopCriteria<'_>,
    ) -> Result<Selected, TrainError>
    where
        P: LearningPolicy,
        F: Reference<Error: 'static>,
        R: Reward<Error: 'static>,
    {
        let seen = self.rollouts.rollout(roles, prompts, stopping).await?;
        let (scores, group) = (seen.rollouts.scores(), self.settings.group as usize);
        let ends: Vec<usize> = (1..=scores.len() / group).map(|i| i * group).collect();
        let mut keep = vec![false; scores.len()];
        self.settings.selection.keep(scores, &ends, &mut keep)?;
        let kept: Vec<usize> = (0..keep.len()).filter(|&i| keep[i]).collect();
        let sum: f64 = kept.iter().map(|&i| f64::from(scores[i])).sum();
        let kept_score = (!kept.is_empty()).then(|| sum / kept.len() as f64);
        let examples = examples(&seen.rollouts, kept.iter().copied())?;
        let loss = self.learn(roles.policy, &examples, &kept).await?;
        self.rollouts.learnt();
        Ok(Selected { seen, keep, kept_score, loss })
    }

    /// All passes over what was kept: the responses of those numbers. Gives the mean loss.
    async fn learn<P: Learner<Error: 'static>>(
        &self,
        policy: &mut P,
        examples: &Examples,
        kept: &[usize],
    ) -> Result<f64, TrainError> {
        let (iteration, n) = (self.iteration(), kept.len());
        let (mut step, mut losses) = (0, 0.0);
        let pass = iteration.wrapping_mul(self.settings.epochs);
        let mut passes = Passes::new(Key::new(self.seed, Stream::Shuffle, (5 << 18) + pass), n);
        for _ in 0..self.settings.epochs {
            let all = passes.take(n);
            for picked in all.chunks(n.div_ceil(self.settings.minibatches as usize).max(1)) {
                let place = Place::Minibatch { iteration: u64::from(iteration) + 1, minibatch: step + 1 };
                let chosen = examples.select(picked.iter().copied());
                let items: Vec<usize> = picked.iter().map(|&i| kept[i]).collect();
                let shown = Shown { texts: &chosen, items: &items, each: 1 };
                let tokens = chosen.loss_tokens() as f64;
                let (loss, watch) = supervised::gradient(policy, "policy", &chosen, tokens, 1.0).await?;
                if let Err(fault) = shown.learner(place, &watch) {
                    return Err(zero_grad(policy, fault).await);
                }
                let index = u64::from(iteration) * self.settings.steps_per_iteration() + step;
                self.pace.step((&mut *policy, "policy"), index, place, || shown.offenders()).await?;
                step += 1;
                losses += loss;
            }
        }
        Ok(losses / step.max(1) as f64)
    }
}

impl<'a> RolloutTrainer<'a, ExpertIteration> {
    /// Expert iteration on these prompts.
    ///
    /// # Errors
    /// [`TrainError::Core`] names the setting that is out of range.
    pub fn expert_iteration(
        settings: &profile::ExpertIteration,
        on: Prompts<'a>,
        seed: u64,
    ) -> Result<Self, TrainError> {
        let run = ExpertIteration::new(*settings, on.iterations.into(), seed)?.with_guards(on.guards)?;
        let optimizer = Some((settings.optimizer, settings.steps_per_iteration()));
        Ok(Self::of(run, on, IterationPlan { prompts: settings.prompts as usize, optimizer, seed }))
    }
}

impl<N: AllRoles, R: Reward<Error: 'static>> Trainer<N, R> for RolloutTrainer<'_, ExpertIteration> {
    /// Iterations done.
    type State = u32;

    async fn iterate(&mut self, models: &mut Models<'_, N, R>) -> Result<Option<Report>, TrainError> {
        let Some(batch) = self.next_prompts()? else { return Ok(None) };
        let (prompts, stopping) = (batch.sequences()?, self.on.stopping);
        let seen = self.algorithm.iterate(&mut trio(models)?, prompts, &stopping).await;
        let seen = seen.map(|Selected { seen, keep, kept_score, loss }| {
            let kept = keep.iter().filter(|kept| **kept).count() as f64 / keep.len() as f64;
            let score = kept_score.map(|score| ("kept_reward", score));
            Report::from(seen).and([("loss", loss), ("kept", kept)].into_iter().chain(score))
        });
        self.report(&batch, seen)
    }

    fn state(&self) -> u32 {
        self.algorithm.iteration()
    }

    fn restore(&mut self, done: u64, state: u32) {
        self.algorithm = self.algorithm.clone().after(state);
        self.skip(done);
    }
}
