//! 512-bit registers with `vpdpbusd`: a panel's group fills one. As [`super::avx_vnni`].

use super::sums::{Integers, Rows};
use crate::lanes::Avx512;
use crate::quantized::activations::{FROM_8, FROM_128};
use crate::quantized::shape::{BLOCK, GROUP, INT8_GROUP};
use core::arch::x86_64::*;

#[derive(Clone, Copy)]
pub(in crate::quantized) struct Avx512Vnni;

/// Adds a group's products to the sums of each row.
///
/// # Safety
/// AVX-512 VNNI; `R` rows have the four bytes at `at`.
#[inline(always)]
unsafe fn add<const R: usize>(sums: &mut [__m512i; R], w: __m512i, rows: Rows, at: usize) {
    for (i, sum) in sums.iter_mut().enumerate() {
        // SAFETY: as the caller's.
        unsafe { *sum = _mm512_dpbusd_epi32(*sum, w, _mm512_set1_epi32(rows.word(i, at))) }
    }
}

impl Integers for Avx512Vnni {
    type Lanes = Avx512;
    const ROWS: usize = 12;

    #[inline(always)]
    unsafe fn int8<const R: usize>(weights: *const u8, rows: Rows) -> [__m512; R] {
        // SAFETY: the caller promises AVX-512 VNNI and the blocks.
        unsafe {
            let mut sums: [_; R] = core::array::from_fn(|i| _mm512_set1_epi32(rows.word(i, FROM_128)));
            for g in 0..BLOCK / GROUP {
                let w = _mm512_loadu_si512(weights.add(g * INT8_GROUP).cast());
                add(&mut sums, _mm512_xor_si512(w, _mm512_set1_epi8(-128)), rows, g * GROUP);
            }
            sums.map(|sum| _mm512_cvtepi32_ps(sum))
        }
    }

    #[inline(always)]
    unsafe fn four_bits<const R: usize, const CENTERED: bool>(weights: *const u8, rows: Rows) -> [__m512; R] {
        // SAFETY: the caller promises AVX-512 VNNI and the blocks.
        unsafe {
            let mut sums: [_; R] =
                core::array::from_fn(|i| _mm512_set1_epi32(if CENTERED { rows.word(i, FROM_8) } else { 0 }));
            let low = _mm512_set1_epi8(15);
            for g in 0..BLOCK / GROUP / 2 {
                let both = _mm512_loadu_si512(weights.add(g * INT8_GROUP).cast());
                add(&mut sums, _mm512_and_si512(both, low), rows, 2 * g * GROUP);
                let high = _mm512_and_si512(_mm512_srli_epi16::<4>(both), low);
                add(&mut sums, high, rows, (2 * g + 1) * GROUP);
            }
            sums.map(|sum| _mm512_cvtepi32_ps(sum))
        }
    }

    // Miri lacks the instruction.
    #[cfg(not(miri))]
    #[inline(always)]
    unsafe fn halves(p: *const u8) -> __m512 {
        // SAFETY: the caller promises AVX-512F and sixteen numbers.
        unsafe { _mm512_cvtph_ps(_mm256_loadu_si256(p.cast())) }
    }
}
