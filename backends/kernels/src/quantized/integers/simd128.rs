//! WebAssembly's 128-bit registers, of which a panel's group fills four: products in 16 bits, added in pairs to 32.
//!
//! Two products of int8 fit in 16 bits: 2·128·127 = 32,512 < 2¹⁵. The eight of a block fit there with four bits:
//! 8·15·127 = 15,240.

use super::sums::{Integers, Rows};
use crate::lanes::{Lanes, Simd128};
use crate::quantized::activations::FROM_8;
use crate::quantized::shape::{BLOCK, GROUP, INT8_GROUP, PANEL};
use core::arch::wasm32::*;

#[derive(Clone, Copy)]
pub(in crate::quantized) struct Simd128Integers;

/// Quarters of sixteen i32 as f32, from the pairs of their first and last two.
#[inline(always)]
fn numbers<L: Lanes>(pairs: [[v128; 2]; 4], start: i32) -> L::V {
    let mut numbers = [0.0f32; PANEL];
    for (numbers, [low, high]) in numbers.chunks_exact_mut(4).zip(pairs) {
        let even = i32x4_shuffle::<0, 2, 4, 6>(low, high);
        let odd = i32x4_shuffle::<1, 3, 5, 7>(low, high);
        let sums = i32x4_add(i32x4_splat(start), i32x4_add(even, odd));
        // SAFETY: there are four.
        unsafe { v128_store(numbers.as_mut_ptr().cast(), f32x4_convert_i32x4(sums)) }
    }
    // SAFETY: there are sixteen; the target has the lanes.
    unsafe { L::load(numbers.as_ptr()) }
}

/// A panel's group, four rows a register.
///
/// # Safety
/// There are 64 bytes.
#[inline(always)]
unsafe fn group(p: *const u8) -> [v128; 4] {
    // SAFETY: as the caller's.
    [0, 16, 32, 48].map(|at| unsafe { v128_load(p.add(at).cast()) })
}

impl Integers for Simd128Integers {
    type Lanes = Simd128;
    const ROWS: usize = 1;

    #[inline(always)]
    unsafe fn int8<const R: usize>(weights: *const u8, rows: Rows) -> [<Self::Lanes as Lanes>::V; R] {
        // Of each quarter, the pairs of its first two rows and of its last two.
        let mut pairs = [[[i32x4_splat(0); 2]; 4]; R];
        for g in 0..BLOCK / GROUP / 2 {
            // SAFETY: the caller promises the blocks.
            let [w, v] = [0, 1].map(|part| unsafe { group(weights.add((2 * g + part) * INT8_GROUP)) });
            for (i, pairs) in pairs.iter_mut().enumerate() {
                // SAFETY: as above.
                let [a, b] = [0, 1].map(|part| i32x4_splat(unsafe { rows.word(i, (2 * g + part) * GROUP) }));
                for (quarter, pairs) in pairs.iter_mut().enumerate() {
                    let (w, v) = (w[quarter], v[quarter]);
                    let low = i16x8_add(i16x8_extmul_low_i8x16(w, a), i16x8_extmul_low_i8x16(v, b));
                    pairs[0] = i32x4_add(pairs[0], i32x4_extadd_pairwise_i16x8(low));
                    let high = i16x8_add(i16x8_extmul_high_i8x16(w, a), i16x8_extmul_high_i8x16(v, b));
                    pairs[1] = i32x4_add(pairs[1], i32x4_extadd_pairwise_i16x8(high));
                }
            }
        }
        pairs.map(|pairs| numbers::<Self::Lanes>(pairs, 0))
    }

    #[inline(always)]
    unsafe fn four_bits<const R: usize, const CENTERED: bool>(
        weights: *const u8,
        rows: Rows,
    ) -> [<Self::Lanes as Lanes>::V; R] {
        let mut products = [[[i16x8_splat(0); 2]; 4]; R];
        for g in 0..BLOCK / GROUP / 2 {
            // SAFETY: the caller promises the blocks.
            let both = unsafe { group(weights.add(g * INT8_GROUP)) };
            let groups =
                [both.map(|both| v128_and(both, u8x16_splat(15))), both.map(|both| u8x16_shr(both, 4))];
            for (part, w) in groups.into_iter().enumerate() {
                for (i, products) in products.iter_mut().enumerate() {
                    // SAFETY: as above.
                    let a = i32x4_splat(unsafe { rows.word(i, (2 * g + part) * GROUP) });
                    for (quarter, products) in products.iter_mut().enumerate() {
                        products[0] = i16x8_add(products[0], i16x8_extmul_low_i8x16(w[quarter], a));
                        products[1] = i16x8_add(products[1], i16x8_extmul_high_i8x16(w[quarter], a));
                    }
                }
            }
        }
        core::array::from_fn(|i| {
            // SAFETY: as above.
            let start = if CENTERED { unsafe { rows.word(i, FROM_8) } } else { 0 };
            numbers::<Self::Lanes>(products[i].map(|two| two.map(|p| i32x4_extadd_pairwise_i16x8(p))), start)
        })
    }
}
