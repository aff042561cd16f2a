//! The 128-bit registers of WebAssembly. Its memory may not exist elsewhere, so that nothing is prefetched.

use super::four::{Four, Register};
use core::arch::wasm32::*;

/// `a·b + c` rounds twice.
pub(crate) type Simd128 = Four<Quarter<false>>;
/// `a·b + c` rounds as the processor below does best: once or twice.
#[cfg(target_feature = "relaxed-simd")]
pub(crate) type RelaxedSimd = Four<Quarter<true>>;

#[derive(Clone, Copy)]
pub(crate) struct Quarter<const RELAXED: bool>;

impl<const RELAXED: bool> Register for Quarter<RELAXED> {
    type V = v128;
    const ROWS: usize = 2;
    #[inline(always)]
    unsafe fn splat(x: f32) -> v128 {
        f32x4_splat(x)
    }
    #[inline(always)]
    unsafe fn load(p: *const f32) -> v128 {
        // SAFETY: the caller promises four f32.
        unsafe { v128_load(p.cast()) }
    }
    #[inline(always)]
    unsafe fn store(p: *mut f32, v: v128) {
        // SAFETY: the caller promises room for four f32.
        unsafe { v128_store(p.cast(), v) }
    }
    #[inline(always)]
    unsafe fn add(a: v128, b: v128) -> v128 {
        f32x4_add(a, b)
    }
    #[inline(always)]
    unsafe fn sub(a: v128, b: v128) -> v128 {
        f32x4_sub(a, b)
    }
    #[inline(always)]
    unsafe fn mul(a: v128, b: v128) -> v128 {
        f32x4_mul(a, b)
    }
    #[inline(always)]
    unsafe fn div(a: v128, b: v128) -> v128 {
        f32x4_div(a, b)
    }
    #[inline(always)]
    unsafe fn fma(a: v128, b: v128, c: v128) -> v128 {
        #[cfg(target_feature = "relaxed-simd")]
        if RELAXED {
            return f32x4_relaxed_madd(a, b, c);
        }
        f32x4_add(f32x4_mul(a, b), c)
    }
    #[inline(always)]
    unsafe fn max(a: v128, b: v128) -> v128 {
        // Of `f32x4.pmax` LLVM 22 makes `f32x4.relaxed_max` where there is one, which may make anything of NaN.
        v128_bitselect(a, b, f32x4_gt(a, b))
    }
    #[inline(always)]
    unsafe fn min(a: v128, b: v128) -> v128 {
        v128_bitselect(a, b, f32x4_lt(a, b))
    }
    #[inline(always)]
    unsafe fn sqrt(a: v128) -> v128 {
        f32x4_sqrt(a)
    }
    #[inline(always)]
    unsafe fn round(a: v128) -> v128 {
        f32x4_nearest(a)
    }
    #[inline(always)]
    unsafe fn exp2i(n: v128) -> v128 {
        // Beside 1.5·2²³ the last bits are an integer: x86 converts what may be NaN or too large in many steps.
        let integer = f32x4_add(n, f32x4_splat(12_582_912.0));
        i32x4_shl(i32x4_add(integer, i32x4_splat(127)), 23)
    }
    #[inline(always)]
    unsafe fn transpose([a, b, c, d]: [v128; 4]) -> [v128; 4] {
        // Pairs of rows, then halves.
        let (first, last) = (i32x4_shuffle::<0, 4, 1, 5>(a, b), i32x4_shuffle::<2, 6, 3, 7>(a, b));
        let (first_below, last_below) =
            (i32x4_shuffle::<0, 4, 1, 5>(c, d), i32x4_shuffle::<2, 6, 3, 7>(c, d));
        [
            i64x2_shuffle::<0, 2>(first, first_below),
            i64x2_shuffle::<1, 3>(first, first_below),
            i64x2_shuffle::<0, 2>(last, last_below),
            i64x2_shuffle::<1, 3>(last, last_below),
        ]
    }
}
