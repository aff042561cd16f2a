//! 256-bit registers with `vpdpbusd`, which multiplies unsigned with signed bytes and adds four products in 32 bits.
//!
//! int8 weights are made unsigned by adding 128, and their sums begin with -128 times the sum of the activations.

use super::avx2::{group, groups, halves, numbers};
use super::sums::{Integers, Rows};
use crate::lanes::Avx2;
use crate::quantized::activations::{FROM_8, FROM_128};
use crate::quantized::shape::{BLOCK, GROUP, INT8_GROUP};
use core::arch::x86_64::*;

#[derive(Clone, Copy)]
pub(in crate::quantized) struct AvxVnni;

/// Adds a group's products to the sums of each row.
///
/// # Safety
/// AVX-VNNI; `R` rows have the four bytes at `at`.
#[inline(always)]
unsafe fn add<const R: usize>(sums: &mut [[__m256i; 2]; R], w: [__m256i; 2], rows: Rows, at: usize) {
    for (i, sums) in sums.iter_mut().enumerate() {
        // SAFETY: as the caller's.
        unsafe {
            let a = _mm256_set1_epi32(rows.word(i, at));
            for half in 0..2 {
                sums[half] = _mm256_dpbusd_avx_epi32(sums[half], w[half], a);
            }
        }
    }
}

impl Integers for AvxVnni {
    type Lanes = Avx2;
    const ROWS: usize = 4;

    #[inline(always)]
    unsafe fn int8<const R: usize>(weights: *const u8, rows: Rows) -> [(__m256, __m256); R] {
        // SAFETY: the caller promises AVX-VNNI and the blocks.
        unsafe {
            let mut sums: [_; R] = core::array::from_fn(|i| [_mm256_set1_epi32(rows.word(i, FROM_128)); 2]);
            for g in 0..BLOCK / GROUP {
                let w =
                    group(weights.add(g * INT8_GROUP)).map(|w| _mm256_xor_si256(w, _mm256_set1_epi8(-128)));
                add(&mut sums, w, rows, g * GROUP);
            }
            sums.map(|sums| numbers(sums))
        }
    }

    #[inline(always)]
    unsafe fn four_bits<const R: usize, const CENTERED: bool>(
        weights: *const u8,
        rows: Rows,
    ) -> [(__m256, __m256); R] {
        // SAFETY: the caller promises AVX-VNNI and the blocks.
        unsafe {
            let mut sums: [_; R] = core::array::from_fn(|i| {
                [_mm256_set1_epi32(if CENTERED { rows.word(i, FROM_8) } else { 0 }); 2]
            });
            for g in 0..BLOCK / GROUP / 2 {
                for (part, w) in groups(weights.add(g * INT8_GROUP)).into_iter().enumerate() {
                    add(&mut sums, w, rows, (2 * g + part) * GROUP);
                }
            }
            sums.map(|sums| numbers(sums))
        }
    }

    #[inline(always)]
    unsafe fn halves(p: *const u8) -> (__m256, __m256) {
        // SAFETY: the caller promises F16C and sixteen numbers.
        unsafe { halves(p) }
    }
}
