//! Two 256-bit registers.

use super::vector::{Lanes, WIDTH};
use core::arch::x86_64::*;

#[derive(Clone, Copy)]
pub(crate) struct Avx2;

macro_rules! both {
    ($f:ident, $($x:expr),+) => {
        // SAFETY: the caller promises AVX2 and FMA.
        unsafe { ($f($($x.0),+), $f($($x.1),+)) }
    };
}

type V = (__m256, __m256);

impl Lanes for Avx2 {
    type V = V;
    const AT_ONCE: usize = 1;
    const ROWS: usize = 6;
    #[inline(always)]
    unsafe fn fetch(p: *const f32) {
        // SAFETY: the caller promises AVX2 and FMA, and memory where there are pointers.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(p.cast()) }
    }
    #[inline(always)]
    unsafe fn fetch_far(p: *const f32) {
        // SAFETY: the caller promises AVX2 and FMA, and memory where there are pointers.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(p.cast()) }
    }
    #[inline(always)]
    unsafe fn splat(x: f32) -> V {
        // SAFETY: the caller promises AVX2 and FMA, and memory where there are pointers.
        unsafe { (_mm256_set1_ps(x), _mm256_set1_ps(x)) }
    }
    #[inline(always)]
    unsafe fn load(p: *const f32) -> V {
        // SAFETY: the caller promises AVX2 and FMA, and memory where there are pointers.
        unsafe { (_mm256_loadu_ps(p), _mm256_loadu_ps(p.add(8))) }
    }
    #[inline(always)]
    unsafe fn store(p: *mut f32, v: V) {
        // SAFETY: the caller promises AVX2 and FMA, and memory where there are pointers.
        unsafe {
            _mm256_storeu_ps(p, v.0);
            _mm256_storeu_ps(p.add(8), v.1);
        }
    }
    #[inline(always)]
    unsafe fn load_first(p: *const f32, n: usize) -> V {
        let mut all = [0.0; WIDTH];
        // SAFETY: the caller promises AVX2 and FMA, and memory where there are pointers.
        unsafe {
            core::ptr::copy_nonoverlapping(p, all.as_mut_ptr(), n);
            Self::load(all.as_ptr())
        }
    }
    #[inline(always)]
    unsafe fn store_first(p: *mut f32, n: usize, v: V) {
        // SAFETY: the caller promises AVX2 and FMA, and memory where there are pointers.
        unsafe {
            let all = Self::array(v);
            core::ptr::copy_nonoverlapping(all.as_ptr(), p, n);
        }
    }
    #[inline(always)]
    unsafe fn add(a: V, b: V) -> V {
        both!(_mm256_add_ps, a, b)
    }
    #[inline(always)]
    unsafe fn sub(a: V, b: V) -> V {
        both!(_mm256_sub_ps, a, b)
    }
    #[inline(always)]
    unsafe fn mul(a: V, b: V) -> V {
        both!(_mm256_mul_ps, a, b)
    }
    #[inline(always)]
    unsafe fn div(a: V, b: V) -> V {
        both!(_mm256_div_ps, a, b)
    }
    #[inline(always)]
    unsafe fn fma(a: V, b: V, c: V) -> V {
        both!(_mm256_fmadd_ps, a, b, c)
    }
    #[inline(always)]
    unsafe fn max(a: V, b: V) -> V {
        both!(_mm256_max_ps, a, b)
    }
    #[inline(always)]
    unsafe fn min(a: V, b: V) -> V {
        both!(_mm256_min_ps, a, b)
    }
    #[inline(always)]
    unsafe fn sqrt(a: V) -> V {
        both!(_mm256_sqrt_ps, a)
    }
    #[inline(always)]
    unsafe fn round(a: V) -> V {
        // SAFETY: the caller promises AVX2 and FMA, and memory where there are pointers.
        unsafe { (_mm256_round_ps::<8>(a.0), _mm256_round_ps::<8>(a.1)) }
    }
    #[inline(always)]
    unsafe fn exp2i(n: V) -> V {
        #[inline(always)]
        unsafe fn half(n: __m256) -> __m256 {
            // SAFETY: the caller promises AVX2 and FMA, and memory where there are pointers.
            unsafe {
                let biased = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
                _mm256_castsi256_ps(_mm256_slli_epi32::<23>(biased))
            }
        }
        both!(half, n)
    }
    #[inline(always)]
    unsafe fn round_to_bf16(v: V) -> V {
        #[inline(always)]
        unsafe fn half(v: __m256) -> __m256 {
            // SAFETY: the caller promises AVX2 and FMA.
            unsafe {
                let bits = _mm256_castps_si256(v);
                let tie = _mm256_and_si256(_mm256_srli_epi32::<16>(bits), _mm256_set1_epi32(1));
                let rounded = _mm256_add_epi32(bits, _mm256_add_epi32(tie, _mm256_set1_epi32(0x7fff)));
                let quiet = _mm256_or_ps(v, _mm256_castsi256_ps(_mm256_set1_epi32(0x40_0000)));
                let no_number = _mm256_cmp_ps::<_CMP_UNORD_Q>(v, v);
                let rounded = _mm256_blendv_ps(_mm256_castsi256_ps(rounded), quiet, no_number);
                _mm256_and_ps(rounded, _mm256_castsi256_ps(_mm256_set1_epi32(-0x1_0000)))
            }
        }
        both!(half, v)
    }
    #[inline(always)]
    unsafe fn pair(even: V, odd: V) -> V {
        #[inline(always)]
        unsafe fn half(even: __m256, odd: __m256) -> __m256 {
            // SAFETY: the caller promises AVX2 and FMA.
            unsafe {
                let low = _mm256_srli_epi32::<16>(_mm256_castps_si256(even));
                _mm256_or_ps(_mm256_castsi256_ps(low), odd)
            }
        }
        both!(half, even, odd)
    }
    #[inline(always)]
    unsafe fn even(pairs: V) -> V {
        #[inline(always)]
        unsafe fn half(pairs: __m256) -> __m256 {
            // SAFETY: the caller promises AVX2 and FMA.
            unsafe { _mm256_castsi256_ps(_mm256_slli_epi32::<16>(_mm256_castps_si256(pairs))) }
        }
        both!(half, pairs)
    }
    #[inline(always)]
    unsafe fn odd(pairs: V) -> V {
        #[inline(always)]
        unsafe fn half(pairs: __m256) -> __m256 {
            // SAFETY: the caller promises AVX2 and FMA.
            unsafe { _mm256_and_ps(pairs, _mm256_castsi256_ps(_mm256_set1_epi32(-0x1_0000))) }
        }
        both!(half, pairs)
    }
    #[inline(always)]
    unsafe fn transpose(rows: [V; WIDTH]) -> [V; WIDTH] {
        // Quarters, whose places are exchanged.
        // SAFETY: the caller promises AVX2 and FMA, and memory where there are pointers.
        unsafe {
            let mut quarters = [[Self::splat(0.0).0; 8]; 4];
            for (i, row) in rows.into_iter().enumerate() {
                quarters[i / 8 * 2][i % 8] = row.0;
                quarters[i / 8 * 2 + 1][i % 8] = row.1;
            }
            let [a, b, c, d] = [
                transpose8(quarters[0]),
                transpose8(quarters[1]),
                transpose8(quarters[2]),
                transpose8(quarters[3]),
            ];
            let mut columns = rows;
            for j in 0..8 {
                columns[j] = (a[j], c[j]);
                columns[8 + j] = (b[j], d[j]);
            }
            columns
        }
    }
    #[inline(always)]
    unsafe fn sum(v: V) -> f32 {
        // SAFETY: the caller promises AVX2 and FMA, and memory where there are pointers.
        unsafe { sum8(_mm256_add_ps(v.0, v.1)) }
    }
    #[inline(always)]
    unsafe fn largest(v: V) -> f32 {
        // SAFETY: the caller promises AVX2 and FMA, and memory where there are pointers.
        unsafe { largest8(_mm256_max_ps(v.0, v.1)) }
    }
}

/// Rows and columns of eight vectors exchanged: pairs, fours, halves.
#[inline(always)]
unsafe fn transpose8(r: [__m256; 8]) -> [__m256; 8] {
    // SAFETY: the caller promises AVX2 and FMA, and memory where there are pointers.
    unsafe {
        let (mut pairs, mut fours, mut columns) = (r, r, r);
        for i in (0..8).step_by(2) {
            pairs[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
            pairs[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
        }
        for i in [0, 1, 4, 5] {
            let to = i / 4 * 4 + i % 4 * 2;
            fours[to] = _mm256_shuffle_ps::<0x44>(pairs[i], pairs[i + 2]);
            fours[to + 1] = _mm256_shuffle_ps::<0xee>(pairs[i], pairs[i + 2]);
        }
        for i in 0..4 {
            columns[i] = _mm256_permute2f128_ps::<0x20>(fours[i], fours[i + 4]);
            columns[i + 4] = _mm256_permute2f128_ps::<0x31>(fours[i], fours[i + 4]);
        }
        columns
    }
}

/// The sum of eight lanes, in halves, as [`Lanes::sum`] orders them.
#[inline(always)]
pub(super) unsafe fn sum8(v: __m256) -> f32 {
    // SAFETY: the caller promises AVX2 and FMA, and memory where there are pointers.
    unsafe {
        let four = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps::<1>(v));
        let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
        _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps::<1>(two, two)))
    }
}

/// The largest of eight lanes.
#[inline(always)]
pub(super) unsafe fn largest8(v: __m256) -> f32 {
    // SAFETY: the caller promises AVX2 and FMA, and memory where there are pointers.
    unsafe {
        let four = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps::<1>(v));
        let two = _mm_max_ps(four, _mm_movehl_ps(four, four));
        _mm_cvtss_f32(_mm_max_ss(two, _mm_shuffle_ps::<1>(two, two)))
    }
}
