//! What every instruction set does with integers: sums of one block.

use super::halves::halves;
use crate::lanes::Lanes;

/// The same block of several rows of activations: row `i` has its bytes at `start + i·stride`.
#[derive(Clone, Copy)]
pub(in crate::quantized) struct Rows {
    pub(in crate::quantized) start: *const u8,
    pub(in crate::quantized) stride: usize,
}

impl Rows {
    /// Reads four bytes of row `i`.
    ///
    /// # Safety
    /// They exist.
    #[inline(always)]
    pub(in crate::quantized) unsafe fn word(self, i: usize, at: usize) -> i32 {
        // SAFETY: as the caller's.
        unsafe { self.place(i, at).cast::<i32>().read_unaligned() }
    }

    /// Reads an f32 of row `i`.
    ///
    /// # Safety
    /// It exists.
    #[inline(always)]
    pub(in crate::quantized) unsafe fn number(self, i: usize, at: usize) -> f32 {
        // SAFETY: as the caller's.
        unsafe { self.place(i, at).cast::<f32>().read_unaligned() }
    }

    /// Returns the place of a byte of row `i`, which need not exist.
    #[inline(always)]
    pub(in crate::quantized) fn place(self, i: usize, at: usize) -> *const u8 {
        self.start.wrapping_add(i * self.stride + at)
    }
}

/// The sums of one panel's block with the same block of several rows: sixteen outputs of each row.
///
/// # Safety
/// Every method needs the instruction set of the implementation, a whole block of weights and `R` of activations.
pub(in crate::quantized) trait Integers: Copy {
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
        unsafe { <Self::Lanes as Lanes>::load(halves(p).as_ptr()) }
    }
}
