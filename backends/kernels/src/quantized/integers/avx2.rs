//! 256-bit registers, of which a panel's group fills two.
//!
//! `vpmaddubsw` multiplies unsigned with signed bytes and adds pairs in 16 bits, where they saturate. Neither use does:
//! int8 weights give |w| ≤ 128 and ±a within 127, so a pair is within 2·128·127 = 32,512 < 2¹⁵; four bits give at most
//! 2·15·127 = 3,810 a pair and 8·3,810 = 30,480 for the eight groups of a block, which are therefore added in 16 bits.

use super::sums::{Integers, Rows};
use crate::lanes::Avx2;
use crate::quantized::activations::FROM_8;
use crate::quantized::shape::{BLOCK, GROUP, INT8_GROUP};
use core::arch::x86_64::*;
use core::hint::black_box;

#[derive(Clone, Copy)]
pub(in crate::quantized) struct Avx2Integers;

/// Two registers of eight i32 as f32.
///
/// # Safety
/// AVX2.
#[inline(always)]
pub(super) unsafe fn numbers(sums: [__m256i; 2]) -> (__m256, __m256) {
    // SAFETY: as the caller's.
    unsafe { (_mm256_cvtepi32_ps(sums[0]), _mm256_cvtepi32_ps(sums[1])) }
}

/// A panel's group.
///
/// # Safety
/// AVX2; there are 64 bytes.
#[inline(always)]
pub(super) unsafe fn group(p: *const u8) -> [__m256i; 2] {
    // SAFETY: as the caller's.
    unsafe { [_mm256_loadu_si256(p.cast()), _mm256_loadu_si256(p.add(32).cast())] }
}

/// Two groups from the halves of bytes.
///
/// # Safety
/// AVX2; there are 64 bytes.
#[inline(always)]
pub(super) unsafe fn groups(p: *const u8) -> [[__m256i; 2]; 2] {
    // SAFETY: as the caller's.
    unsafe {
        let (both, low) = (group(p), _mm256_set1_epi8(15));
        [
            both.map(|both| _mm256_and_si256(both, low)),
            both.map(|both| _mm256_and_si256(_mm256_srli_epi16::<4>(both), low)),
        ]
    }
}

/// Sixteen f16 as f32.
///
/// # Safety
/// F16C; there are sixteen.
#[inline(always)]
pub(super) unsafe fn halves(p: *const u8) -> (__m256, __m256) {
    // SAFETY: as the caller's.
    unsafe {
        let [low, high] = [p, p.add(16)].map(|p| _mm256_cvtph_ps(_mm_loadu_si128(p.cast())));
        (low, high)
    }
}

impl Integers for Avx2Integers {
    type Lanes = Avx2;
    const ROWS: usize = 4;

    #[inline(always)]
    unsafe fn int8<const R: usize>(weights: *const u8, rows: Rows) -> [(__m256, __m256); R] {
        // SAFETY: the caller promises AVX2 and the blocks.
        unsafe {
            let mut sums = [[_mm256_setzero_si256(); 2]; R];
            for g in 0..BLOCK / GROUP {
                let w = group(weights.add(g * INT8_GROUP));
                let sizes = w.map(|w| _mm256_abs_epi8(w));
                for (i, sums) in sums.iter_mut().enumerate() {
                    let a = _mm256_set1_epi32(rows.word(i, g * GROUP));
                    for half in 0..2 {
                        let pairs = _mm256_maddubs_epi16(sizes[half], _mm256_sign_epi8(a, w[half]));
                        sums[half] =
                            _mm256_add_epi32(sums[half], _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
                    }
                }
            }
            sums.map(|sums| numbers(sums))
        }
    }

    #[inline(always)]
    unsafe fn four_bits<const R: usize, const CENTERED: bool>(
        weights: *const u8,
        rows: Rows,
    ) -> [(__m256, __m256); R] {
        // SAFETY: the caller promises AVX2 and the blocks.
        unsafe {
            let mut pairs = [[_mm256_setzero_si256(); 2]; R];
            // Unrolled with several rows, the loop would have more sums at once than there are registers.
            let count = BLOCK / GROUP / 2;
            for g in 0..if R == 1 { count } else { black_box(count) } {
                let w = groups(weights.add(g * INT8_GROUP));
                for (i, pairs) in pairs.iter_mut().enumerate() {
                    for (part, w) in w.iter().enumerate() {
                        let a = _mm256_set1_epi32(rows.word(i, (2 * g + part) * GROUP));
                        for half in 0..2 {
                            pairs[half] = _mm256_add_epi16(pairs[half], _mm256_maddubs_epi16(w[half], a));
                        }
                    }
                }
            }
            core::array::from_fn(|i| {
                let start = _mm256_set1_epi32(if CENTERED { rows.word(i, FROM_8) } else { 0 });
                let sums = pairs[i].map(|pairs| _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
                numbers(sums.map(|sums| _mm256_add_epi32(sums, start)))
            })
        }
    }

    #[inline(always)]
    unsafe fn halves(p: *const u8) -> (__m256, __m256) {
        // SAFETY: the caller promises F16C and sixteen numbers.
        unsafe { halves(p) }
    }
}
