//! The device of a network.

use super::EngineError;
use core::any::Any;
use core::fmt;
use rlhf_core::network::Engine;
use rlhf_cpu::Cpu;
use std::sync::Arc;

/// A device that networks are computed on, by any [`Engine`]. Clones are the same device.
#[derive(Clone)]
pub struct Device(Arc<dyn Engine>);

impl Device {
    /// The device that an engine is.
    pub fn new(engine: impl Engine) -> Self {
        Self(Arc::new(engine))
    }

    /// The CPU engine, if it is that.
    pub fn cpu(&self) -> Option<&Cpu> {
        (self.engine() as &dyn Any).downcast_ref()
    }

    /// Returns the engine.
    pub fn engine(&self) -> &dyn Engine {
        &*self.0
    }

    /// The most multiplications and additions a second, and the most bytes a second, measured for as long as
    /// `budget` each; `None` where they are the processor's.
    ///
    /// # Errors
    /// The device's own.
    pub fn limits(&self, budget: core::time::Duration) -> Result<Option<(f64, f64)>, EngineError> {
        self.0.limits(budget)
    }

    /// Returns whether networks lie in this machine's own memory.
    pub fn in_memory(&self) -> bool {
        self.0.in_memory()
    }
}

/// Writes everything that the bits of a result depend on: `cpu avx512`, `cuda:0 bf16`.
impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.name())
    }
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Device({self})")
    }
}

impl Default for Device {
    fn default() -> Self {
        Cpu::default().into()
    }
}

impl From<Cpu> for Device {
    fn from(cpu: Cpu) -> Self {
        Self::new(cpu)
    }
}
