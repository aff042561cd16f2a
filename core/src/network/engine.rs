//! Engines, which create networks.

use super::{BoxedNetwork, EngineError, Precision};
use crate::model::Architecture;
use alloc::string::String;
use alloc::vec::Vec;
use core::any::Any;
use core::time::Duration;

/// A device that networks run on, such as a processor or a graphics card.
pub trait Engine: Any + Send + Sync {
    /// Creates a boxed network with these weights, in the order of [`Architecture::tensors`].
    ///
    /// # Errors
    /// [`EngineError::Core`] names the invalid field of the architecture, or the number of weights that there
    /// should be; an error of the device.
    fn network(&self, architecture: Architecture, weights: Vec<f32>) -> Result<BoxedNetwork, EngineError>;

    /// Returns the name of the device and of whatever else results depend on to the bit: `cpu avx512`, `cuda:0 bf16`. Runs
    /// record it.
    fn name(&self) -> String;

    /// Returns the precision of matrix products.
    fn precision(&self) -> Precision {
        Precision::F32
    }

    /// Returns whether networks are in this machine's main memory, so that its free memory limits them.
    fn in_memory(&self) -> bool {
        true
    }

    /// Measures the greatest number of multiplications and additions per second, and of bytes per second, for as long as
    /// `budget` each. Returns `None` if they are those of the processor.
    ///
    /// # Errors
    /// An error of the device.
    fn limits(&self, budget: Duration) -> Result<Option<(f64, f64)>, EngineError> {
        let _ = budget;
        Ok(None)
    }
}
