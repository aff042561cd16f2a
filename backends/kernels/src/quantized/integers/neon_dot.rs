//! 128-bit registers with `sdot`, which adds four products of signed bytes in 32 bits.

use super::neon::{group, groups, numbers};
use super::sums::{Integers, Rows};
use crate::lanes::{Lanes, Neon};
use crate::quantized::activations::FROM_8;
use crate::quantized::shape::{BLOCK, GROUP, INT8_GROUP};
use core::arch::aarch64::*;
use core::arch::asm;

#[derive(Clone, Copy)]
pub(in crate::quantized) struct NeonDot;

/// Adds the products of four rows of weights with four activations, those of lane `LANE`, 0 ..= 3.
///
/// # Safety
/// The dot-product extension of NEON.
#[inline(always)]
unsafe fn dot<const LANE: usize>(mut sums: int32x4_t, w: int8x16_t, a: int8x16_t) -> int32x4_t {
    // The intrinsic is not stable.
    // SAFETY: as the caller's: one instruction, registers alone.
    unsafe {
        asm!(
            "sdot {sums:v}.4s, {w:v}.16b, {a:v}.4b[{lane}]",
            sums = inout(vreg) sums, w = in(vreg) w, a = in(vreg) a, lane = const LANE,
            options(pure, nomem, nostack, preserves_flags)
        );
    }
    sums
}

/// Adds four groups' products to the sums of each row.
///
/// # Safety
/// As [`dot`]; `R` rows have the sixteen bytes at `at`.
#[inline(always)]
unsafe fn add<const R: usize>(sums: &mut [[int32x4_t; 4]; R], w: [[int8x16_t; 4]; 4], rows: Rows, at: usize) {
    for (i, sums) in sums.iter_mut().enumerate() {
        // SAFETY: as the caller's.
        unsafe {
            let a = vld1q_s8(rows.place(i, at).cast());
            for (quarter, sum) in sums.iter_mut().enumerate() {
                *sum = dot::<0>(*sum, w[0][quarter], a);
                *sum = dot::<1>(*sum, w[1][quarter], a);
                *sum = dot::<2>(*sum, w[2][quarter], a);
                *sum = dot::<3>(*sum, w[3][quarter], a);
            }
        }
    }
}

impl Integers for NeonDot {
    type Lanes = Neon;
    const ROWS: usize = 2;

    #[inline(always)]
    unsafe fn int8<const R: usize>(weights: *const u8, rows: Rows) -> [<Self::Lanes as Lanes>::V; R] {
        // SAFETY: the caller promises the instruction and the blocks.
        unsafe {
            let mut sums = [[vdupq_n_s32(0); 4]; R];
            for g in (0..BLOCK / GROUP).step_by(4) {
                let w = [0, 1, 2, 3].map(|part| group(weights.add((g + part) * INT8_GROUP)));
                add(&mut sums, w, rows, g * GROUP);
            }
            sums.map(|sums| numbers::<Self::Lanes>(sums))
        }
    }

    #[inline(always)]
    unsafe fn four_bits<const R: usize, const CENTERED: bool>(
        weights: *const u8,
        rows: Rows,
    ) -> [<Self::Lanes as Lanes>::V; R] {
        // SAFETY: the caller promises the instruction and the blocks.
        unsafe {
            let mut sums: [_; R] =
                core::array::from_fn(|i| [vdupq_n_s32(if CENTERED { rows.word(i, FROM_8) } else { 0 }); 4]);
            for g in (0..BLOCK / GROUP).step_by(4) {
                let [[w0, w1], [w2, w3]] =
                    [0, 1].map(|pair| groups(weights.add((g / 2 + pair) * INT8_GROUP)));
                add(&mut sums, [w0, w1, w2, w3], rows, g * GROUP);
            }
            sums.map(|sums| numbers::<Self::Lanes>(sums))
        }
    }
}
