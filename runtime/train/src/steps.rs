//! The batches and optimizer steps of the trainers that pass over stored data.

use super::batches::Batches;
use super::guard::{Offender, Place};
use super::scheduled_optimizer::{OptimizerStep, ScheduledOptimizer};
use super::{Step, TrainError};
use crate::profile::Passes;
use alloc::vec::Vec;
use rlhf_core::random::Key;
use rlhf_core::roles::Learner;

/// The batches of a run, each of which ends in an optimizer step.
#[derive(Clone, Debug)]
pub(super) struct Steps {
    batches: Batches,
    optimizer: ScheduledOptimizer,
}

/// The passes over stored data.
pub(super) struct DataPasses {
    /// The items in words, for errors.
    pub what: &'static str,
    /// The number of items.
    pub items: usize,
    pub settings: Passes,
    /// The key of the order.
    pub key: Key,
}

impl Steps {
    /// At the first step.
    ///
    /// # Errors
    /// [`TrainError::Nothing`] without an item; [`TrainError::Core`] names the setting that is out of range.
    pub fn new(passes: DataPasses) -> Result<Self, TrainError> {
        let DataPasses { what, items, settings: Passes { batch, epochs, optimizer, .. }, key } = passes;
        if items == 0 {
            return Err(TrainError::Nothing { what });
        }
        let batches = Batches::new(key, items, batch, epochs);
        let optimizer = ScheduledOptimizer::new(optimizer, batches.total(), 1)?;
        Ok(Self { batches, optimizer })
    }

    /// Skips the next `steps` batches.
    pub fn skip_steps(&mut self, steps: u64) {
        self.batches.skip_steps(steps);
    }

    /// The 0-based number of the next batch, and the indices of its items.
    pub fn next_batch(&mut self) -> Option<(u64, Vec<usize>)> {
        self.batches.next()
    }

    /// Applies the accumulated gradient as step `step` (0-based). `loss` is reported; `batch` appears only in
    /// errors.
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
        let place = Place::Step(step + 1);
        let OptimizerStep { gradient, learning_rate } =
            self.optimizer.step(learner, "learner", step, place, batch).await?;
        Ok(Step { step: step + 1, total: self.batches.total(), loss, gradient, learning_rate })
    }
}
