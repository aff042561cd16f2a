//! Networks whose products are in 16 bits.

use crate::tensor::supports;
use crate::{BurnError, Device, Model, Precision};

impl Device {
    /// Whether products can be computed in `precision` here.
    ///
    /// # Errors
    /// [`BurnError::Precision`] where they cannot.
    pub fn computes_in(&self, precision: Precision) -> Result<(), BurnError> {
        if supports(self.inner(), precision.dtype()) {
            return Ok(());
        }
        Err(BurnError::Precision { precision, device: self.name().into() })
    }
}

impl Model {
    /// The same network with products in `precision`.
    ///
    /// # Errors
    /// [`BurnError::Precision`] where the device does not compute in it.
    pub fn with_precision(mut self, precision: Precision) -> Result<Self, BurnError> {
        self.device.computes_in(precision)?;
        self.precision = precision;
        Ok(self)
    }

    /// What its products are computed in.
    pub fn precision(&self) -> Precision {
        self.precision
    }
}
