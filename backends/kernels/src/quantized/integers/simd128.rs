//! WebAssembly's 128-bit registers, of which a panel's group fills four.
//!
//! `i32x4.dot_i16x8_s` multiplies 16-bit numbers and adds pairs of products in 32 bits. Bytes of even and of odd inputs
//! are widened apart, which takes shifts alone and leaves each row's sum in a lane of its own.

use super::sums::{Integers, Rows};
use crate::lanes::{Lanes, Simd128};
use crate::quantized::activations::FROM_8;
use crate::quantized::shape::{BLOCK, GROUP, INT8_GROUP, PANEL};
use core::arch::wasm32::*;

#[derive(Clone, Copy)]
pub(in crate::quantized) struct Simd128Integers;

/// Sums of four rows each.
type Sums = [v128; 4];

/// Bytes of even inputs and of odd ones in 16 bits.
#[inline(always)]
fn halves_of(bytes: v128) -> [v128; 2] {
    [i16x8_shr(i16x8_shl(bytes, 8), 8), i16x8_shr(bytes, 8)]
}

/// Four activations, in every lane the even two and the odd two.
///
/// # Safety
/// Row `i` has them at `at`.
#[inline(always)]
unsafe fn activations(rows: Rows, i: usize, at: usize) -> [v128; 2] {
    // SAFETY: as the caller's.
    halves_of(i32x4_splat(unsafe { rows.word(i, at) }))
}

/// Adds the products of four rows' weights.
#[inline(always)]
fn add(sum: v128, w: [v128; 2], a: [v128; 2]) -> v128 {
    i32x4_add(i32x4_add(sum, i32x4_dot_i16x8(w[0], a[0])), i32x4_dot_i16x8(w[1], a[1]))
}

/// Sixteen sums as f32.
#[inline(always)]
fn numbers<L: Lanes>(sums: Sums) -> L::V {
    let mut numbers = [0.0f32; PANEL];
    for (numbers, sum) in numbers.chunks_exact_mut(4).zip(sums) {
        // SAFETY: there are four.
        unsafe { v128_store(numbers.as_mut_ptr().cast(), f32x4_convert_i32x4(sum)) }
    }
    // SAFETY: there are sixteen; the target has the lanes.
    unsafe { L::load(numbers.as_ptr()) }
}

impl Integers for Simd128Integers {
    type Lanes = Simd128;
    const ROWS: usize = 2;

    #[inline(always)]
    unsafe fn int8<const R: usize>(weights: *const u8, rows: Rows) -> [<Self::Lanes as Lanes>::V; R] {
        let mut sums = [[i32x4_splat(0); 4]; R];
        for g in 0..BLOCK / GROUP {
            // SAFETY: the caller promises the blocks.
            let a: [_; R] = core::array::from_fn(|i| unsafe { activations(rows, i, g * GROUP) });
            for quarter in 0..4 {
                // SAFETY: as above.
                let w = halves_of(unsafe { v128_load(weights.add(g * INT8_GROUP + 16 * quarter).cast()) });
                for (sums, &a) in sums.iter_mut().zip(&a) {
                    sums[quarter] = add(sums[quarter], w, a);
                }
            }
        }
        sums.map(numbers::<Self::Lanes>)
    }

    #[inline(always)]
    unsafe fn four_bits<const R: usize, const CENTERED: bool>(
        weights: *const u8,
        rows: Rows,
    ) -> [<Self::Lanes as Lanes>::V; R] {
        let mut sums: [Sums; R] = core::array::from_fn(|i| {
            // SAFETY: the caller promises the blocks.
            [i32x4_splat(if CENTERED { unsafe { rows.word(i, FROM_8) } } else { 0 }); 4]
        });
        for g in 0..BLOCK / GROUP / 2 {
            // SAFETY: as above.
            let a: [_; R] = core::array::from_fn(|i| unsafe {
                [0, GROUP].map(|part| activations(rows, i, 2 * g * GROUP + part))
            });
            for quarter in 0..4 {
                // SAFETY: as above.
                let both = unsafe { v128_load(weights.add(g * INT8_GROUP + 16 * quarter).cast()) };
                let low = i16x8_splat(15);
                let first = [v128_and(both, low), v128_and(u16x8_shr(both, 8), low)];
                let second = [v128_and(u16x8_shr(both, 4), low), u16x8_shr(both, 12)];
                for (sums, a) in sums.iter_mut().zip(&a) {
                    sums[quarter] = add(add(sums[quarter], first, a[0]), second, a[1]);
                }
            }
        }
        sums.map(numbers::<Self::Lanes>)
    }
}
