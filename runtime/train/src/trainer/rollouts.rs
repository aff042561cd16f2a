//! Algorithms that learn from rollouts, with the prompts of each iteration.

use super::Report;
use crate::guard::{Offender, Place};
use crate::profile::Optimizer;
use crate::{Examples, Guards, Passes, TrainError};
use alloc::vec::Vec;
use rlhf_core::Error;
use rlhf_core::random::{Key, Stream};
use rlhf_core::sampling::StopCriteria;

/// What rollouts begin with.
#[derive(Clone, Copy, Debug)]
pub struct Prompts<'a> {
    /// The prompts, which are gone through in a keyed order, again and again.
    pub prompts: &'a [Vec<u32>],
    /// When a response ends.
    pub stopping: StopCriteria<'a>,
    /// What the pretraining mix is drawn from.
    pub mix: &'a Examples,
    /// Rollouts.
    pub iterations: u32,
    /// What stops the run, and what it warns of.
    pub guards: Guards,
}

/// An algorithm that learns from rollouts, and the prompts of its iterations.
#[derive(Clone, Debug)]
pub struct RolloutTrainer<'a, A> {
    pub(crate) algorithm: A,
    pub(crate) on: Prompts<'a>,
    plan: IterationPlan,
    order: Passes,
    done: u32,
}

/// What an iteration takes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IterationPlan {
    /// Prompts.
    pub prompts: usize,
    /// Optimizer steps, and whose learning rate is told of; none where there is no learning rate.
    pub optimizer: Option<(Optimizer, u64)>,
    /// What the order of the prompts is drawn under.
    pub seed: u64,
}

impl<'a, A> RolloutTrainer<'a, A> {
    /// At the first iteration.
    pub(crate) fn of(algorithm: A, on: Prompts<'a>, plan: IterationPlan) -> Self {
        let order = Passes::new(Key::new(plan.seed, Stream::Shuffle, 1 << 28), on.prompts.len());
        Self { algorithm, on, plan, order, done: 0 }
    }

    /// The prompts of the next iteration, without responses; `None` when all are done.
    pub(crate) fn next_prompts(&mut self) -> Result<Option<Examples>, Error> {
        if self.done >= self.on.iterations {
            return Ok(None);
        }
        let picked = self.order.take(self.plan.prompts).into_iter();
        Examples::try_from_iter(picked.map(|i| (&self.on.prompts[i], []))).map(Some)
    }

    /// Ends the iteration with what it showed; where a number was not finite, its prompts are the samples that did it.
    pub(crate) fn report(
        &mut self,
        batch: &Examples,
        seen: Result<impl Into<Report>, TrainError>,
    ) -> Result<Option<Report>, TrainError> {
        let (step, total) = (u64::from(self.done) + 1, u64::from(self.on.iterations));
        let prompts = || (0..batch.len()).map(|i| Offender::prompt(batch.text(i), i)).collect();
        let seen = seen.map_err(|error| error.guarded(Place::Iteration(step), prompts))?;
        let mut report = Report { step, total, ..seen.into() };
        if let Some((optimizer, each)) = self.plan.optimizer {
            let schedule = optimizer.schedule(total.saturating_mul(each), each);
            let rate = schedule.rate((step * each).saturating_sub(1));
            report = report.and([("learning_rate", rate)]);
        }
        self.done += 1;
        Ok(Some(report))
    }

    /// Leaves out iterations that were done before.
    pub(crate) fn skip(&mut self, done: u64) {
        self.done = u32::try_from(done).unwrap_or(u32::MAX).min(self.on.iterations);
        (0..self.done).for_each(|_| drop(self.order.take(self.plan.prompts)));
    }
}
