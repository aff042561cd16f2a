//! Engines, which make networks.

use super::{BoxedNetwork, EngineError, Precision};
use crate::model::Architecture;
use alloc::string::String;
use alloc::vec::Vec;
use core::any::Any;
use core::time::Duration;

/// Makes networks on a device, such as a processor or a graphics card.
pub trait Engine: Any + Send + Sync {
    /// A network with these weights, in the order of [`Architecture::tensors`], in a box: `Ok(Box::new(network))`.
    ///
    /// # Errors
    /// [`EngineError::Core`] names the field of the architecture that does not fit, or says how many weights there
    /// should be; the device's own.
    fn network(&self, architecture: Architecture, weights: Vec<f32>) -> Result<BoxedNetwork, EngineError>;

    /// Returns what the bits of a result depend on: `cpu avx512`, `cuda:0 bf16`. Runs record it.
    fn name(&self) -> String;

    /// Returns the precision that products are computed in.
    fn precision(&self) -> Precision {
        Precision::F32
    }

    /// Returns whether networks lie in this machine's own memory, so that its free memory is what they have.
    fn in_memory(&self) -> bool {
        true
    }

    /// The most multiplications and additions a second, and the most bytes a second, measured for as long as
    /// `budget` each; `None` where they are the processor's.
    ///
    /// # Errors
    /// The device's own.
    fn limits(&self, budget: Duration) -> Result<Option<(f64, f64)>, EngineError> {
        let _ = budget;
        Ok(None)
    }
}
