// What the tests of `backends/burn` are of here.

pub use rlhf_candle::*;

/// The devices that work on any machine.
pub const PROCESSORS: &[&str] = &["candle"];

/// Returns whether a processor's device multiplies matrices in a precision of 16 bits.
pub fn multiplies(_: &Device, precision: Precision) -> bool {
    precision == Precision::F16
}
