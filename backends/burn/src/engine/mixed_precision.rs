//! Networks whose products are in 16 bits.

use crate::engine::precision::dtype;
use crate::tensor::supports;
use crate::{Device, EngineError, Model, Precision};

impl Device {
    /// Whether products can be computed in `precision` here.
    ///
    /// # Errors
    /// [`EngineError::Precision`] where they cannot.
    pub fn computes_in(&self, precision: Precision) -> Result<(), EngineError> {
        if supports(self.inner(), dtype(precision)) {
            return Ok(());
        }
        Err(EngineError::Precision { precision, name: self.name().into() })
    }
}

impl Model {
    /// The same network with products in `precision`.
    ///
    /// # Errors
    /// [`EngineError::Precision`] where the device does not compute in it.
    pub fn with_precision(mut self, precision: Precision) -> Result<Self, EngineError> {
        self.device.computes_in(precision)?;
        self.precision = precision;
        Ok(self)
    }

    /// What its products are computed in.
    pub fn precision(&self) -> Precision {
        self.precision
    }
}
