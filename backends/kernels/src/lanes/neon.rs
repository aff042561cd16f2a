//! The 128-bit registers of aarch64.

use super::four::{Four, Register};
use core::arch::aarch64::*;

pub(crate) type Neon = Four<Quarter>;

#[derive(Clone, Copy)]
pub(crate) struct Quarter;

type V = float32x4_t;

impl Register for Quarter {
    type V = V;
    const ROWS: usize = 6;
    #[inline(always)]
    unsafe fn splat(x: f32) -> V {
        // SAFETY: the caller promises NEON.
        unsafe { vdupq_n_f32(x) }
    }
    #[inline(always)]
    unsafe fn load(p: *const f32) -> V {
        // SAFETY: the caller promises NEON, and four f32.
        unsafe { vld1q_f32(p) }
    }
    #[inline(always)]
    unsafe fn store(p: *mut f32, v: V) {
        // SAFETY: the caller promises NEON, and room for four f32.
        unsafe { vst1q_f32(p, v) }
    }
    #[inline(always)]
    unsafe fn add(a: V, b: V) -> V {
        // SAFETY: the caller promises NEON.
        unsafe { vaddq_f32(a, b) }
    }
    #[inline(always)]
    unsafe fn sub(a: V, b: V) -> V {
        // SAFETY: the caller promises NEON.
        unsafe { vsubq_f32(a, b) }
    }
    #[inline(always)]
    unsafe fn mul(a: V, b: V) -> V {
        // SAFETY: the caller promises NEON.
        unsafe { vmulq_f32(a, b) }
    }
    #[inline(always)]
    unsafe fn div(a: V, b: V) -> V {
        // SAFETY: the caller promises NEON.
        unsafe { vdivq_f32(a, b) }
    }
    #[inline(always)]
    unsafe fn fma(a: V, b: V, c: V) -> V {
        // SAFETY: the caller promises NEON.
        unsafe { vfmaq_f32(c, a, b) }
    }
    #[inline(always)]
    unsafe fn max(a: V, b: V) -> V {
        // The instruction `fmax` makes NaN of either; a comparison with NaN is false.
        // SAFETY: the caller promises NEON.
        unsafe { vbslq_f32(vcgtq_f32(a, b), a, b) }
    }
    #[inline(always)]
    unsafe fn min(a: V, b: V) -> V {
        // SAFETY: the caller promises NEON.
        unsafe { vbslq_f32(vcltq_f32(a, b), a, b) }
    }
    #[inline(always)]
    unsafe fn sqrt(a: V) -> V {
        // SAFETY: the caller promises NEON.
        unsafe { vsqrtq_f32(a) }
    }
    #[inline(always)]
    unsafe fn round(a: V) -> V {
        // SAFETY: the caller promises NEON.
        unsafe { vrndnq_f32(a) }
    }
    #[inline(always)]
    unsafe fn exp2i(n: V) -> V {
        // SAFETY: the caller promises NEON.
        unsafe {
            let biased = vaddq_s32(vcvtq_s32_f32(n), vdupq_n_s32(127));
            vreinterpretq_f32_s32(vshlq_n_s32::<23>(biased))
        }
    }
    #[inline(always)]
    unsafe fn transpose([a, b, c, d]: [V; 4]) -> [V; 4] {
        // Pairs of rows, then halves.
        // SAFETY: the caller promises NEON.
        unsafe {
            let wide = |v| vreinterpretq_f64_f32(v);
            let (even, odd) = (wide(vtrn1q_f32(a, b)), wide(vtrn2q_f32(a, b)));
            let (even_below, odd_below) = (wide(vtrn1q_f32(c, d)), wide(vtrn2q_f32(c, d)));
            [
                vtrn1q_f64(even, even_below),
                vtrn1q_f64(odd, odd_below),
                vtrn2q_f64(even, even_below),
                vtrn2q_f64(odd, odd_below),
            ]
            .map(|v| vreinterpretq_f32_f64(v))
        }
    }
}
