//! 128-bit registers, of which a panel's group fills four: products in 16 bits, added in pairs to 32.
//!
//! Two products of int8 fit in 16 bits: 2·128·127 = 32,512 < 2¹⁵. The eight of a block fit there with four bits:
//! 8·15·127 = 15,240.

use super::sums::{Integers, Rows};
use crate::lanes::{Lanes, Neon};
use crate::quantized::activations::FROM_8;
use crate::quantized::shape::{BLOCK, GROUP, INT8_GROUP, PANEL};
use core::arch::aarch64::*;

#[derive(Clone, Copy)]
pub(in crate::quantized) struct NeonIntegers;

/// Quarters of sixteen i32 as f32.
///
/// # Safety
/// NEON.
#[inline(always)]
pub(super) unsafe fn numbers<L: Lanes>(sums: [int32x4_t; 4]) -> L::V {
    let mut numbers = [0.0f32; PANEL];
    // SAFETY: as the caller's; there are sixteen.
    unsafe {
        for (quarter, sum) in sums.into_iter().enumerate() {
            vst1q_f32(numbers.as_mut_ptr().add(4 * quarter), vcvtq_f32_s32(sum));
        }
        L::load(numbers.as_ptr())
    }
}

/// A panel's group, four rows a register.
///
/// # Safety
/// NEON; there are 64 bytes.
#[inline(always)]
pub(super) unsafe fn group(p: *const u8) -> [int8x16_t; 4] {
    // SAFETY: as the caller's.
    [0, 16, 32, 48].map(|at| unsafe { vld1q_s8(p.add(at).cast()) })
}

/// Two groups from the halves of bytes.
///
/// # Safety
/// NEON; there are 64 bytes.
#[inline(always)]
pub(super) unsafe fn groups(p: *const u8) -> [[int8x16_t; 4]; 2] {
    // SAFETY: as the caller's.
    unsafe {
        let both = group(p).map(|both| vreinterpretq_u8_s8(both));
        [
            both.map(|both| vreinterpretq_s8_u8(vandq_u8(both, vdupq_n_u8(15)))),
            both.map(|both| vreinterpretq_s8_u8(vshrq_n_u8::<4>(both))),
        ]
    }
}

/// Four activations, twice.
///
/// # Safety
/// NEON; row `i` has them at `at`.
#[inline(always)]
unsafe fn twice(rows: Rows, i: usize, at: usize) -> int8x8_t {
    // SAFETY: as the caller's.
    unsafe { vreinterpret_s8_s32(vdup_n_s32(rows.word(i, at))) }
}

impl Integers for NeonIntegers {
    type Lanes = Neon;
    const ROWS: usize = 2;

    #[inline(always)]
    unsafe fn int8<const R: usize>(weights: *const u8, rows: Rows) -> [<Self::Lanes as Lanes>::V; R] {
        // SAFETY: the caller promises the blocks; the target has NEON.
        unsafe {
            // Of each quarter, the pairs of its first two rows and of its last two.
            let mut pairs = [[[vdupq_n_s32(0); 2]; 4]; R];
            for g in 0..BLOCK / GROUP / 2 {
                let [w, v] = [0, 1].map(|part| group(weights.add((2 * g + part) * INT8_GROUP)));
                for (i, pairs) in pairs.iter_mut().enumerate() {
                    let [a, b] = [0, 1].map(|part| twice(rows, i, (2 * g + part) * GROUP));
                    for (quarter, pairs) in pairs.iter_mut().enumerate() {
                        let low = vmull_s8(vget_low_s8(w[quarter]), a);
                        pairs[0] = vpadalq_s16(pairs[0], vmlal_s8(low, vget_low_s8(v[quarter]), b));
                        let high = vmull_s8(vget_high_s8(w[quarter]), a);
                        pairs[1] = vpadalq_s16(pairs[1], vmlal_s8(high, vget_high_s8(v[quarter]), b));
                    }
                }
            }
            pairs.map(|pairs| numbers::<Self::Lanes>(pairs.map(|[low, high]| vpaddq_s32(low, high))))
        }
    }

    #[inline(always)]
    unsafe fn four_bits<const R: usize, const CENTERED: bool>(
        weights: *const u8,
        rows: Rows,
    ) -> [<Self::Lanes as Lanes>::V; R] {
        // SAFETY: the caller promises the blocks; the target has NEON.
        unsafe {
            let mut products = [[[vdupq_n_s16(0); 2]; 4]; R];
            for g in 0..BLOCK / GROUP / 2 {
                for (part, w) in groups(weights.add(g * INT8_GROUP)).into_iter().enumerate() {
                    for (i, products) in products.iter_mut().enumerate() {
                        let a = twice(rows, i, (2 * g + part) * GROUP);
                        for (quarter, products) in products.iter_mut().enumerate() {
                            products[0] = vmlal_s8(products[0], vget_low_s8(w[quarter]), a);
                            products[1] = vmlal_s8(products[1], vget_high_s8(w[quarter]), a);
                        }
                    }
                }
            }
            core::array::from_fn(|i| {
                let start = vdupq_n_s32(if CENTERED { rows.word(i, FROM_8) } else { 0 });
                numbers::<Self::Lanes>(
                    products[i]
                        .map(|[low, high]| vaddq_s32(start, vpaddq_s32(vpaddlq_s16(low), vpaddlq_s16(high)))),
                )
            })
        }
    }
}
