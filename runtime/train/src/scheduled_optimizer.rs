//! An optimizer with a learning-rate schedule.

use super::TrainError;
use super::guard::{Fault, Offender, Place};
use crate::profile::{Optimizer, RolloutPasses};
use alloc::vec::Vec;
use rlhf_core::optim::Schedule;
use rlhf_core::roles::Learner;

/// An optimizer with a learning-rate schedule over all steps of a run.
#[derive(Clone, Copy, Debug)]
pub(super) struct ScheduledOptimizer {
    optimizer: Optimizer,
    schedule: Schedule,
}

/// The figures of an optimizer step.
#[derive(Clone, Copy, Debug)]
pub(super) struct OptimizerStep {
    /// The global norm of the gradient, before clipping.
    pub gradient: f64,
    pub learning_rate: f64,
}

impl ScheduledOptimizer {
    /// A schedule of `total` steps, `per_iteration` of them in an iteration.
    ///
    /// # Errors
    /// [`TrainError::Core`] names the setting that is out of range.
    pub fn new(optimizer: Optimizer, total: u64, per_iteration: u64) -> Result<Self, TrainError> {
        let schedule = optimizer.schedule(total, per_iteration);
        schedule.validate()?;
        Ok(Self { optimizer, schedule })
    }

    /// The schedule of `iterations` rollouts.
    ///
    /// # Errors
    /// [`TrainError::Core`] names the setting that is out of range.
    pub fn of_rollouts(passes: &RolloutPasses, iterations: u64) -> Result<Self, TrainError> {
        let steps = passes.steps_per_iteration();
        Self::new(passes.optimizer, iterations.saturating_mul(steps), steps)
    }

    /// Applies the accumulated gradient as step `step` (0-based). `role`, `place` and `batch` appear only in errors.
    ///
    /// # Errors
    /// [`TrainError::Guard`] where the learner refuses.
    pub async fn step<L: Learner<Error: 'static>>(
        &self,
        learner: &mut L,
        role: &'static str,
        step: u64,
        place: Place,
        batch: impl FnOnce() -> Vec<Offender>,
    ) -> Result<OptimizerStep, TrainError> {
        let update = self.optimizer.update(&self.schedule, step);
        let refused = |error| Fault::refused(place, role, error, batch());
        let gradient = learner.step(&update).await.map_err(refused)?;
        Ok(OptimizerStep { gradient, learning_rate: update.learning_rate })
    }
}
