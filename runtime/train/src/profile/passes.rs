//! Passes over stored data.

use super::Optimizer;
use rlhf_core::Error;
use rlhf_core::ranges::{dropout, within};

/// The settings of training on stored data.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Passes {
    /// Passes over the data, 1 or more.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub epochs: u32,
    /// Examples (texts, pairs or responses) an optimizer step, 1 or more.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub batch: u32,
    /// Dropout in training, a probability of 0 to 0.99.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = rlhf_core::ranges::MAX_DROPOUT)))]
    pub dropout: f64,
    /// The optimizer.
    pub optimizer: Optimizer,
}

impl Passes {
    /// One pass without dropout.
    pub(super) const fn once(batch: u32, optimizer: Optimizer) -> Self {
        Self { epochs: 1, batch, dropout: 0.0, optimizer }
    }

    /// Checks every range.
    ///
    /// # Errors
    /// [`Error::Range`] names the setting.
    pub fn validate(&self) -> Result<(), Error> {
        within("epochs", f64::from(self.epochs), 1.0, f64::MAX)?;
        within("batch", f64::from(self.batch), 1.0, f64::MAX)?;
        dropout(self.dropout)?;
        self.optimizer.validate()
    }
}
