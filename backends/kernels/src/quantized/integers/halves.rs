//! Numbers of 16 bits, for processors that have no instruction for them.

use crate::quantized::shape::PANEL;

/// Sixteen finite f16 as f32: their bits in the place of an f32's, whose exponent is 112 larger.
///
/// # Safety
/// There are sixteen.
#[inline(always)]
pub(crate) unsafe fn halves(p: *const u8) -> [f32; PANEL] {
    let scale = f32::from_bits((127 + 112) << 23);
    // SAFETY: as the caller's.
    let halves = unsafe { p.cast::<[u16; PANEL]>().read_unaligned() };
    halves.map(|half| {
        let magnitude = f32::from_bits(u32::from(half & 0x7fff) << 13) * scale;
        f32::from_bits(magnitude.to_bits() | u32::from(half & 0x8000) << 16)
    })
}
