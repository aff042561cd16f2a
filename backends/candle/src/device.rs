//! The one device.

use crate::{CandleError, tensor};

/// Candle's kernels on the processor, under the name `candle`.
#[derive(Clone, Debug)]
pub struct Device {
    inner: tensor::Device,
}

/// What to ask for.
const KNOWN: &str = "candle, the processor; graphics cards are rlhf-burn's";

const NAME: &str = "candle";

impl Device {
    /// Opens the device of that name.
    ///
    /// ```
    /// use rlhf_candle::{CandleError, Device};
    /// assert_eq!(Device::named("candle")?.name(), "candle");
    /// assert!(matches!(Device::named("cuda"), Err(CandleError::UnknownDevice { .. })));
    /// # Ok::<(), CandleError>(())
    /// ```
    ///
    /// # Errors
    /// [`CandleError::UnknownDevice`], which says what there is.
    pub fn named(name: &str) -> Result<Self, CandleError> {
        if name != NAME {
            return Err(CandleError::UnknownDevice { name: name.into(), known: KNOWN });
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

    /// The processor's devices of this build, for tests.
    #[cfg(test)]
    pub(crate) fn processors() -> Vec<Self> {
        vec![Self::named(NAME).unwrap()]
    }
}
