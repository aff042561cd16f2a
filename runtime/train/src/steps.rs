//! What every trainer that passes over stored data does between its batches.

use super::batches::Batches;
use super::guard::{Offender, Place};
use super::scheduled_optimizer::ScheduledOptimizer;
use super::{Step, TrainError};
use crate::profile::Optimizer;
use alloc::vec::Vec;
use rlhf_core::random::{Key, Stream};
use rlhf_core::roles::Learner;

/// Batches, and the optimizer steps that they end in.
#[derive(Clone, Debug)]
pub(super) struct Steps {
    batches: Batches,
    pace: ScheduledOptimizer,
}

/// How data is passed over.
pub(super) struct Passing {
    /// What the data is, in words.
    pub what: &'static str,
    /// How many items there are to learn from.
    pub items: usize,
    /// Items a batch.
    pub batch: u32,
    /// Passes over them.
    pub epochs: u32,
}

impl Steps {
    /// At the first step; the order is drawn under `seed`, from `draws` on.
    ///
    /// # Errors
    /// [`TrainError::Nothing`] without an item; [`TrainError::Core`] names the setting that is out of range.
    pub fn new(
        passing: Passing,
        optimizer: Optimizer,
        (seed, draws): (u64, u32),
    ) -> Result<Self, TrainError> {
        let Passing { what, items, batch, epochs } = passing;
        if items == 0 {
            return Err(TrainError::Nothing { what });
        }
        let batches = Batches::new(Key::new(seed, Stream::Shuffle, draws), items, batch, epochs);
        let pace = ScheduledOptimizer::new(optimizer, batches.total(), 1)?;
        Ok(Self { batches, pace })
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
        let place = Place::Step(step + 1);
        let (gradient, learning_rate) = self.pace.step((learner, "learner"), step, place, batch).await?;
        Ok(Step { step: step + 1, total: self.batches.total(), loss, gradient, learning_rate })
    }
}
