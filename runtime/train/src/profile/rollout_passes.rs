//! Passes over a rollout.

use super::Optimizer;
use super::optimizer::optimizer;
use rlhf_core::Error;
use rlhf_core::optim::Shape;
use rlhf_core::ranges::{dropout, within};

/// The settings of learning from a rollout.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RolloutPasses {
    /// Passes over a rollout, 1 or more.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub epochs: u32,
    /// Minibatches, one optimizer step each, in a pass; 1 or more.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub minibatches: u32,
    /// Dropout in training, a probability of 0 to 0.99.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = rlhf_core::ranges::MAX_DROPOUT)))]
    pub dropout: f64,
    /// The optimizer.
    pub optimizer: Optimizer,
}

impl RolloutPasses {
    /// One pass without dropout, at a constant rate.
    pub(super) const fn once(minibatches: u32, learning_rate: f64) -> Self {
        Self { epochs: 1, minibatches, dropout: 0.0, optimizer: optimizer(learning_rate, Shape::Constant) }
    }

    /// Optimizer steps an iteration.
    pub fn steps_per_iteration(&self) -> u64 {
        u64::from(self.epochs) * u64::from(self.minibatches)
    }

    /// Checks every range.
    ///
    /// # Errors
    /// [`Error::Range`] names the setting.
    pub fn validate(&self) -> Result<(), Error> {
        within("epochs", f64::from(self.epochs), 1.0, f64::MAX)?;
        within("minibatches", f64::from(self.minibatches), 1.0, f64::MAX)?;
        dropout(self.dropout)?;
        self.optimizer.validate()
    }
}
