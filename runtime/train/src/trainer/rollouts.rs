//! The trainer of all algorithms that learn from rollouts.

use super::{Models, Report, Trainer};
use crate::guard::{Offender, Place};
use crate::profile::{Optimizer, RolloutPasses};
use crate::{EpochSampler, Examples, Guards, TrainError};
use alloc::vec::Vec;
use rlhf_core::random::{Key, Stream};
use rlhf_core::sampling::StopCriteria;
use rlhf_core::{Error, Ragged};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The prompts of a run, and the settings that all algorithms with rollouts share.
#[derive(Clone, Copy, Debug)]
pub struct Prompts<'a> {
    /// The prompts, taken in a keyed order, epoch after epoch.
    pub prompts: &'a [Vec<u32>],
    /// The criteria for the end of a response.
    pub stopping: StopCriteria<'a>,
    /// The examples of the pretraining mix.
    pub mix: &'a Examples,
    /// The number of rollouts.
    pub iterations: u32,
    /// The limits that stop the run, and those that warn.
    pub guards: Guards,
}

/// An algorithm that learns from rollouts: PPO, GRPO, online DPO. [`RolloutTrainer`] drives it.
///
/// `N` is the type of the networks, `R` of the reward.
pub trait RolloutAlgorithm<N, R>: Clone {
    /// The state of a run, beside its networks.
    type State: Serialize + DeserializeOwned;

    /// Samples a rollout on `prompts`, which are those of one iteration, and learns from it.
    ///
    /// # Errors
    /// As [`Trainer::iterate`].
    fn learn_from(
        &mut self,
        models: &mut Models<'_, N, R>,
        prompts: Ragged<'_>,
        run: &Prompts<'_>,
    ) -> impl Future<Output = Result<Report, TrainError>>;

    /// The state of the run now.
    fn run_state(&self) -> Self::State;

    /// Continues from `state`, with the networks and their optimizers of that time.
    #[must_use]
    fn resumed(self, state: Self::State) -> Self;

    /// Turns the networks into those that are kept in the end. Called twice, it leaves them as they were.
    ///
    /// # Errors
    /// A role's own.
    fn finish_models(&self, _models: &mut Models<'_, N, R>) -> impl Future<Output = Result<(), TrainError>> {
        core::future::ready(Ok(()))
    }
}

/// An algorithm that learns from rollouts, with the prompts of its iterations.
#[derive(Clone, Debug)]
pub struct RolloutTrainer<'a, A> {
    algorithm: A,
    run: Prompts<'a>,
    plan: IterationPlan,
    order: EpochSampler,
    done: u32,
}

/// The size of an iteration.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IterationPlan {
    /// The number of prompts.
    pub prompts: usize,
    /// The optimizer whose learning rate is reported; `None` without a learning rate.
    pub optimizer: Option<Optimizer>,
    /// Optimizer steps.
    pub steps: u64,
    /// The seed of the order of the prompts.
    pub seed: u64,
}

impl IterationPlan {
    /// `prompts` prompts, and the optimizer steps of `passes`.
    pub(crate) fn of_passes(prompts: usize, passes: &RolloutPasses, seed: u64) -> Self {
        Self { prompts, optimizer: Some(passes.optimizer), steps: passes.steps_per_iteration(), seed }
    }
}

impl<'a, A> RolloutTrainer<'a, A> {
    /// At the first iteration.
    pub(crate) fn new(algorithm: A, run: Prompts<'a>, plan: IterationPlan) -> Self {
        let order = EpochSampler::new(Key::new(plan.seed, Stream::Shuffle, 1 << 28), run.prompts.len());
        Self { algorithm, run, plan, order, done: 0 }
    }

    /// The prompts of the next iteration, without responses.
    fn next_prompts(&mut self) -> Result<Examples, Error> {
        let indices = self.order.take(self.plan.prompts).into_iter();
        Examples::try_from_iter(indices.map(|i| (&self.run.prompts[i], [])))
    }

    /// The learning rate of an iteration's last step.
    fn learning_rate(&self, iteration: u64) -> Option<(&'static str, f64)> {
        let (optimizer, steps) = (self.plan.optimizer?, self.plan.steps);
        let total = u64::from(self.run.iterations).saturating_mul(steps);
        let rate = optimizer.schedule(total, steps).rate((iteration * steps).saturating_sub(1));
        Some(("learning_rate", rate))
    }
}

impl<N, R, A: RolloutAlgorithm<N, R>> Trainer<N, R> for RolloutTrainer<'_, A> {
    type State = A::State;

    async fn iterate(&mut self, models: &mut Models<'_, N, R>) -> Result<Option<Report>, TrainError> {
        if self.done >= self.run.iterations {
            return Ok(None);
        }
        let batch = self.next_prompts()?;
        let (step, total) = (u64::from(self.done) + 1, u64::from(self.run.iterations));
        let report = self.algorithm.learn_from(models, batch.sequences()?, &self.run).await;
        // Where a number was not finite, and no guard knows whose it was, it was one of these prompts'.
        let prompts = || (0..batch.len()).map(|i| Offender::prompt(batch.text(i), i)).collect();
        let report = report.map_err(|error| error.guarded(Place::Iteration(step), prompts))?;
        self.done += 1;
        Ok(Some(Report { step, total, ..report }.and(self.learning_rate(step))))
    }

    fn state(&self) -> A::State {
        self.algorithm.run_state()
    }

    fn restore(&mut self, done: u64, state: A::State) {
        self.algorithm = self.algorithm.clone().resumed(state);
        self.done = u32::try_from(done).unwrap_or(u32::MAX).min(self.run.iterations);
        (0..self.done).for_each(|_| drop(self.order.take(self.plan.prompts)));
    }

    async fn finish(&mut self, models: &mut Models<'_, N, R>) -> Result<(), TrainError> {
        self.algorithm.finish_models(models).await
    }
}
