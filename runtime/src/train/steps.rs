//! What every trainer that passes over stored data does between its batches.

use super::batches::Batches;
use super::guard::{Fault, Offender, Place};
use super::{Step, TrainError};
use rlhf_core::maths::Schedule;
use rlhf_core::profile::Optimiser;
use rlhf_core::random::Key;
use rlhf_core::roles::Learner;

/// Batches, and the optimiser steps that they end in.
#[derive(Clone, Debug)]
pub(super) struct Steps {
    batches: Batches,
    optimiser: Optimiser,
    schedule: Schedule,
}

impl Steps {
    /// `epochs` passes over `items`, `batch` at a time, in an order keyed by `key`.
    ///
    /// # Errors
    /// [`TrainError::Core`] names the setting that is out of range.
    pub fn new(
        key: Key,
        items: usize,
        batch: u32,
        epochs: u32,
        optimiser: Optimiser,
    ) -> Result<Self, TrainError> {
        let batches = Batches::new(key, items, batch, epochs);
        let schedule = optimiser.schedule(batches.total(), 1);
        schedule.validate()?;
        Ok(Self { batches, optimiser, schedule })
    }

    /// Leaves out the next `steps` batches.
    pub fn leave_out(&mut self, steps: u64) {
        self.batches.leave_out(steps);
    }

    /// The next batch: which, from 0, and its items.
    pub fn next_batch(&mut self) -> Option<(u64, Vec<usize>)> {
        self.batches.next()
    }

    /// Takes step `step`, from 0, with what `learner` has accumulated: `loss`, of a batch that a refusal
    /// is told.
    ///
    /// # Errors
    /// [`TrainError::Guard`] where the learner refuses.
    pub async fn take<L: Learner<Error: 'static>>(
        &self,
        learner: &mut L,
        step: u64,
        loss: f64,
        batch: impl FnOnce() -> Vec<Offender>,
    ) -> Result<Step, TrainError> {
        let update = self.optimiser.update(&self.schedule, step);
        let refused = |error| Fault::refused(Place::Step(step + 1), "learner", error, batch());
        let gradient = learner.step(&update).await.map_err(refused)?;
        let (total, learning_rate) = (self.batches.total(), update.learning_rate);
        Ok(Step { step: step + 1, total, loss, gradient, learning_rate })
    }
}
