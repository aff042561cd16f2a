//! One 512-bit register.

use super::avx2::{largest8, sum8};
use super::vector::{Lanes, WIDTH};
use core::arch::x86_64::*;

#[derive(Clone, Copy)]
pub(crate) struct Avx512;

#[inline(always)]
fn first(n: usize) -> __mmask16 {
    ((1u32 << n) - 1) as __mmask16
}

impl Lanes for Avx512 {
    type V = __m512;
    const AT_ONCE: usize = 4;
    const ROWS: usize = 6;
    #[inline(always)]
    unsafe fn fetch(p: *const f32) {
        // SAFETY: the caller promises AVX-512F, and memory where there are pointers.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(p.cast()) }
    }
    #[inline(always)]
    unsafe fn fetch_far(p: *const f32) {
        // SAFETY: the caller promises AVX-512F, and memory where there are pointers.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(p.cast()) }
    }
    #[inline(always)]
    unsafe fn splat(x: f32) -> __m512 {
        // SAFETY: the caller promises AVX-512F, and memory where there are pointers.
        unsafe { _mm512_set1_ps(x) }
    }
    #[inline(always)]
    unsafe fn load(p: *const f32) -> __m512 {
        // SAFETY: the caller promises AVX-512F, and memory where there are pointers.
        unsafe { _mm512_loadu_ps(p) }
    }
    #[inline(always)]
    unsafe fn store(p: *mut f32, v: __m512) {
        // SAFETY: the caller promises AVX-512F, and memory where there are pointers.
        unsafe { _mm512_storeu_ps(p, v) }
    }
    #[inline(always)]
    unsafe fn load_first(p: *const f32, n: usize) -> __m512 {
        // SAFETY: the caller promises AVX-512F, and memory where there are pointers.
        unsafe { _mm512_maskz_loadu_ps(first(n), p) }
    }
    #[inline(always)]
    unsafe fn store_first(p: *mut f32, n: usize, v: __m512) {
        // SAFETY: the caller promises AVX-512F, and memory where there are pointers.
        unsafe { _mm512_mask_storeu_ps(p, first(n), v) }
    }
    #[inline(always)]
    unsafe fn add(a: __m512, b: __m512) -> __m512 {
        // SAFETY: the caller promises AVX-512F, and memory where there are pointers.
        unsafe { _mm512_add_ps(a, b) }
    }
    #[inline(always)]
    unsafe fn sub(a: __m512, b: __m512) -> __m512 {
        // SAFETY: the caller promises AVX-512F, and memory where there are pointers.
        unsafe { _mm512_sub_ps(a, b) }
    }
    #[inline(always)]
    unsafe fn mul(a: __m512, b: __m512) -> __m512 {
        // SAFETY: the caller promises AVX-512F, and memory where there are pointers.
        unsafe { _mm512_mul_ps(a, b) }
    }
    #[inline(always)]
    unsafe fn div(a: __m512, b: __m512) -> __m512 {
        // SAFETY: the caller promises AVX-512F, and memory where there are pointers.
        unsafe { _mm512_div_ps(a, b) }
    }
    #[inline(always)]
    unsafe fn fma(a: __m512, b: __m512, c: __m512) -> __m512 {
        // SAFETY: the caller promises AVX-512F, and memory where there are pointers.
        unsafe { _mm512_fmadd_ps(a, b, c) }
    }
    #[inline(always)]
    unsafe fn max(a: __m512, b: __m512) -> __m512 {
        // SAFETY: the caller promises AVX-512F, and memory where there are pointers.
        unsafe { _mm512_max_ps(a, b) }
    }
    #[inline(always)]
    unsafe fn min(a: __m512, b: __m512) -> __m512 {
        // SAFETY: the caller promises AVX-512F, and memory where there are pointers.
        unsafe { _mm512_min_ps(a, b) }
    }
    #[inline(always)]
    unsafe fn sqrt(a: __m512) -> __m512 {
        // SAFETY: the caller promises AVX-512F, and memory where there are pointers.
        unsafe { _mm512_sqrt_ps(a) }
    }
    #[inline(always)]
    unsafe fn round(a: __m512) -> __m512 {
        // SAFETY: the caller promises AVX-512F, and memory where there are pointers.
        unsafe { _mm512_roundscale_ps::<0>(a) }
    }
    #[inline(always)]
    unsafe fn exp2i(n: __m512) -> __m512 {
        // SAFETY: the caller promises AVX-512F, and memory where there are pointers.
        unsafe {
            let biased = _mm512_add_epi32(_mm512_cvtps_epi32(n), _mm512_set1_epi32(127));
            _mm512_castsi512_ps(_mm512_slli_epi32::<23>(biased))
        }
    }
    #[inline(always)]
    unsafe fn round_to_bf16(v: __m512) -> __m512 {
        // SAFETY: the caller promises AVX-512F.
        unsafe {
            let bits = _mm512_castps_si512(v);
            let tie = _mm512_and_si512(_mm512_srli_epi32::<16>(bits), _mm512_set1_epi32(1));
            let rounded = _mm512_add_epi32(bits, _mm512_add_epi32(tie, _mm512_set1_epi32(0x7fff)));
            let quiet = _mm512_or_si512(bits, _mm512_set1_epi32(0x40_0000));
            let no_number = _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(v, v);
            let rounded = _mm512_mask_blend_epi32(no_number, rounded, quiet);
            _mm512_castsi512_ps(_mm512_and_si512(rounded, _mm512_set1_epi32(-0x1_0000)))
        }
    }
    #[inline(always)]
    unsafe fn pair(even: __m512, odd: __m512) -> __m512 {
        // SAFETY: the caller promises AVX-512F.
        unsafe {
            let low = _mm512_srli_epi32::<16>(_mm512_castps_si512(even));
            _mm512_castsi512_ps(_mm512_or_si512(low, _mm512_castps_si512(odd)))
        }
    }
    #[inline(always)]
    unsafe fn even(pairs: __m512) -> __m512 {
        // SAFETY: the caller promises AVX-512F.
        unsafe { _mm512_castsi512_ps(_mm512_slli_epi32::<16>(_mm512_castps_si512(pairs))) }
    }
    #[inline(always)]
    unsafe fn odd(pairs: __m512) -> __m512 {
        // SAFETY: the caller promises AVX-512F.
        unsafe {
            let high = _mm512_set1_epi32(-0x1_0000);
            _mm512_castsi512_ps(_mm512_and_si512(_mm512_castps_si512(pairs), high))
        }
    }
    #[inline(always)]
    unsafe fn transpose(r: [__m512; WIDTH]) -> [__m512; WIDTH] {
        // Pairs, fours, then the quarters of the registers.
        // SAFETY: the caller promises AVX-512F, and memory where there are pointers.
        unsafe {
            let (mut pairs, mut fours, mut columns) = (r, r, r);
            for i in (0..WIDTH).step_by(2) {
                pairs[i] = _mm512_unpacklo_ps(r[i], r[i + 1]);
                pairs[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
            }
            for i in (0..WIDTH).step_by(4) {
                for j in [0, 1] {
                    let (a, b) = (pairs[i + j], pairs[i + j + 2]);
                    fours[i + 2 * j] = _mm512_shuffle_ps::<0x44>(a, b);
                    fours[i + 2 * j + 1] = _mm512_shuffle_ps::<0xee>(a, b);
                }
            }
            for c in 0..4 {
                let (above, below) = ((fours[c], fours[4 + c]), (fours[8 + c], fours[12 + c]));
                let even = _mm512_shuffle_f32x4::<0x88>(above.0, above.1);
                let odd = _mm512_shuffle_f32x4::<0xdd>(above.0, above.1);
                let even_below = _mm512_shuffle_f32x4::<0x88>(below.0, below.1);
                let odd_below = _mm512_shuffle_f32x4::<0xdd>(below.0, below.1);
                columns[c] = _mm512_shuffle_f32x4::<0x88>(even, even_below);
                columns[4 + c] = _mm512_shuffle_f32x4::<0x88>(odd, odd_below);
                columns[8 + c] = _mm512_shuffle_f32x4::<0xdd>(even, even_below);
                columns[12 + c] = _mm512_shuffle_f32x4::<0xdd>(odd, odd_below);
            }
            columns
        }
    }
    #[inline(always)]
    unsafe fn sum(v: __m512) -> f32 {
        // SAFETY: the caller promises AVX-512F, and memory where there are pointers.
        unsafe { sum8(_mm256_add_ps(_mm512_castps512_ps256(v), high(v))) }
    }
    #[inline(always)]
    unsafe fn largest(v: __m512) -> f32 {
        // SAFETY: the caller promises AVX-512F, and memory where there are pointers.
        unsafe { largest8(_mm256_max_ps(_mm512_castps512_ps256(v), high(v))) }
    }
}

impl Avx512 {
    /// Returns `sum` and, in each lane, the products of both numbers of a pair: first that of the second ones.
    ///
    /// # Safety
    /// As [`Lanes`], and AVX-512 BF16.
    #[inline]
    #[target_feature(enable = "avx512f,avx512bf16")]
    pub(crate) unsafe fn add_products_of_pairs(a: __m512, b: __m512, sum: __m512) -> __m512 {
        // SAFETY: both are 512 bits of pairs of bf16, whatever they are called.
        let [a, b] = unsafe { core::mem::transmute::<[__m512; 2], [__m512bh; 2]>([a, b]) };
        _mm512_dpbf16_ps(sum, a, b)
    }
}

/// The last eight lanes.
#[inline(always)]
unsafe fn high(v: __m512) -> __m256 {
    // SAFETY: the caller promises AVX-512F, and memory where there are pointers.
    unsafe { _mm256_castpd_ps(_mm512_extractf64x4_pd::<1>(_mm512_castps_pd(v))) }
}
