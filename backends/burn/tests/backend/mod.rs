// What the tests are of. `backends/candle` has the same tests, and a file like this.

pub use rlhf_burn::*;

/// The devices that work on any machine.
pub const PROCESSORS: &[&str] = &["flex", "ndarray"];

/// Returns whether a processor's device multiplies matrices in a precision of 16 bits.
pub fn multiplies(device: &Device, _: Precision) -> bool {
    device.name() == "flex"
}
