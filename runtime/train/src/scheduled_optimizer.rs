//! Optimizer steps whose rate runs with the run.

use super::TrainError;
use super::guard::{Fault, Offender, Place};
use crate::profile::Optimizer;
use alloc::vec::Vec;
use rlhf_core::optim::Schedule;
use rlhf_core::roles::Learner;

/// An optimizer, and how its rate runs from the first step of a run to the last.
#[derive(Clone, Copy, Debug)]
pub(super) struct ScheduledOptimizer {
    optimizer: Optimizer,
    schedule: Schedule,
}

impl ScheduledOptimizer {
    /// Of a run of `total` steps, `each` an iteration.
    ///
    /// # Errors
    /// [`TrainError::Core`] names the setting that is out of range.
    pub fn new(optimizer: Optimizer, total: u64, each: u64) -> Result<Self, TrainError> {
        let schedule = optimizer.schedule(total, each);
        schedule.validate()?;
        Ok(Self { optimizer, schedule })
    }

    /// Takes step `index`, from 0, with what `learner`, of that role, has accumulated from `batch`, which a
    /// refusal is told. Gives the gradient's norm and the learning rate.
    ///
    /// # Errors
    /// [`TrainError::Guard`] where the learner refuses.
    pub async fn step<L: Learner<Error: 'static>>(
        &self,
        (learner, role): (&mut L, &'static str),
        index: u64,
        place: Place,
        batch: impl FnOnce() -> Vec<Offender>,
    ) -> Result<(f64, f64), TrainError> {
        let update = self.optimizer.update(&self.schedule, index);
        let refused = |error| Fault::refused(place, role, error, batch());
        let gradient = learner.step(&update).await.map_err(refused)?;
        Ok((gradient, update.learning_rate))
    }
}
