//! The one device.

use crate::{EngineError, Precision, tensor};
use core::time::Duration;

/// The device `candle`: candle's kernels on the processor.
#[derive(Clone, Debug)]
pub struct Device {
    inner: tensor::Device,
}

/// The known devices, for messages.
const KNOWN: &str = "candle, the processor; graphics cards are rlhf-burn's";

const NAME: &str = "candle";

impl Device {
    /// Opens the device of that name.
    ///
    /// ```
    /// use rlhf_candle::{EngineError, Device};
    /// assert_eq!(Device::named("candle")?.name(), "candle");
    /// assert!(matches!(Device::named("cuda"), Err(EngineError::UnknownDevice { .. })));
    /// # Ok::<(), EngineError>(())
    /// ```
    ///
    /// # Errors
    /// [`EngineError::UnknownDevice`], which says what there is.
    pub fn named(name: &str) -> Result<Self, EngineError> {
        if name != NAME {
            return Err(EngineError::UnknownDevice { name: name.into(), known: KNOWN.into() });
        }
        Ok(Self { inner: tensor::Device::default() })
    }

    /// The names that this build can open.
    pub fn built() -> Vec<&'static str> {
        vec![NAME]
    }

    /// The name that it was opened by.
    pub fn name(&self) -> &str {
        NAME
    }

    pub(crate) fn inner(&self) -> &tensor::Device {
        &self.inner
    }

    /// Bytes that the device's allocator has taken: `None`, since candle's does not say.
    pub fn reserved(&self) -> Option<u64> {
        None
    }

    /// The least length of `time` or more that suits the device: no kernel is compiled for a shape.
    pub(crate) fn padded(&self, time: usize) -> usize {
        time
    }

    /// Returns whether it is a graphics card: it is the processor.
    pub(crate) fn is_card(&self) -> bool {
        false
    }

    /// The processor's.
    pub(crate) fn limits(&self, _: Precision, _: Duration) -> Result<Option<(f64, f64)>, EngineError> {
        Ok(None)
    }

    /// The processor's devices of this build, for tests.
    #[cfg(test)]
    pub(crate) fn processors() -> Vec<Self> {
        vec![Self::named(NAME).unwrap()]
    }
}
