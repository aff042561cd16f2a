//! Networks whose products are in 16 bits.

use crate::engine::precision::dtype;
use crate::tensor::supports;
use crate::{Device, EngineError, Model, Precision};

impl Device {
    /// Checks that products can be computed in `precision` here.
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
    /// Returns the same network with products in `precision`.
    ///
    /// # Errors
    /// [`EngineError::Precision`] where the device does not compute in it.
    pub fn with_precision(mut self, precision: Precision) -> Result<Self, EngineError> {
        self.device.computes_in(precision)?;
        self.precision = precision;
        Ok(self)
    }

    /// The precision of products.
    pub fn precision(&self) -> Precision {
        self.precision
    }
}
