//! The device that tests of whole runs are run on.

use rlhf::engine::{Device, EngineError, Precision};
use rlhf_cpu::{Cpu, Isa};

/// The device that `RLHF_DEVICE` names; the processor on so many threads, where it names none.
pub fn threads(count: usize) -> Device {
    let name = std::env::var("RLHF_DEVICE").unwrap_or_else(|_| "cpu".into());
    named(&name, count).unwrap_or_else(|e| panic!("RLHF_DEVICE: {e}"))
}

/// The device of that name in f32.
///
/// # Errors
/// [`EngineError`] where there is none.
pub fn named(name: &str, threads: usize) -> Result<Device, EngineError> {
    Device::named(name, Cpu::new(threads, Isa::best()), Precision::F32)
}
