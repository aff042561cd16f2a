//! Sums of products of small integers, on every processor.
//!
//! Sums are exact: a block's are below 2²⁰ in magnitude, so that f32 holds them too.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512_vnni;
#[cfg(target_arch = "x86_64")]
mod avx_vnni;
#[cfg(target_arch = "aarch64")]
mod neon;
#[cfg(target_arch = "aarch64")]
mod neon_dot;
mod portable;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod simd128;

#[cfg(target_arch = "x86_64")]
pub(super) use avx_vnni::AvxVnni;
#[cfg(target_arch = "x86_64")]
pub(super) use avx2::Avx2Integers;
#[cfg(target_arch = "x86_64")]
pub(super) use avx512_vnni::Avx512Vnni;
#[cfg(target_arch = "aarch64")]
pub(super) use neon::NeonIntegers;
#[cfg(target_arch = "aarch64")]
pub(super) use neon_dot::NeonDot;
pub(super) use portable::PortableIntegers;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub(super) use simd128::Simd128Integers;

use crate::lanes::Lanes;

/// The same block of several rows of activations: row `i` has its bytes at `start + i·stride`.
#[derive(Clone, Copy)]
pub(super) struct Rows {
    pub(super) start: *const u8,
    pub(super) stride: usize,
}

impl Rows {
    /// Reads four bytes of row `i`.
    ///
    /// # Safety
    /// They exist.
    #[inline(always)]
    pub(super) unsafe fn word(self, i: usize, at: usize) -> i32 {
        // SAFETY: as the caller's.
        unsafe { self.place(i, at).cast::<i32>().read_unaligned() }
    }

    /// Reads an f32 of row `i`.
    ///
    /// # Safety
    /// It exists.
    #[inline(always)]
    pub(super) unsafe fn number(self, i: usize, at: usize) -> f32 {
        // SAFETY: as the caller's.
        unsafe { self.place(i, at).cast::<f32>().read_unaligned() }
    }

    /// Returns the place of a byte of row `i`, which need not exist.
    #[inline(always)]
    pub(super) fn place(self, i: usize, at: usize) -> *const u8 {
        self.start.wrapping_add(i * self.stride + at)
    }
}

/// The sums of one panel's block with the same block of several rows: sixteen outputs of each row.
///
/// # Safety
/// Every method needs the instruction set of the implementation, a whole block of weights and `R` of activations.
pub(super) trait Integers: Copy {
    /// The f32 that go with it.
    type Lanes: Lanes;
    /// Rows of activations whose sums are held in registers at once: 1, 2, 4, 8 or 12.
    const ROWS: usize;
    /// Sums of products with weights in -128 ..= 127.
    unsafe fn int8<const R: usize>(weights: *const u8, rows: Rows) -> [<Self::Lanes as Lanes>::V; R];
    /// Sums of products with weights in 0 ..= 15, two groups a byte; with `CENTERED`, in -8 ..= 7, stored 8 too large.
    unsafe fn four_bits<const R: usize, const CENTERED: bool>(
        weights: *const u8,
        rows: Rows,
    ) -> [<Self::Lanes as Lanes>::V; R];
    /// Sixteen finite f16 as f32.
    #[inline(always)]
    unsafe fn halves(p: *const u8) -> <Self::Lanes as Lanes>::V {
        // SAFETY: as the caller's; there are sixteen.
        unsafe { <Self::Lanes as Lanes>::load(portable::halves(p).as_ptr()) }
    }
}
