//! An array, for every processor. `a·b + c` rounds twice here: a fused one would be a call.

use super::vector::{Lanes, WIDTH};

#[derive(Clone, Copy)]
pub(crate) struct Portable;

type V = [f32; WIDTH];

#[inline(always)]
fn each(a: V, b: V, f: impl Fn(f32, f32) -> f32) -> V {
    core::array::from_fn(|i| f(a[i], b[i]))
}

// Of four such comparisons side by side LLVM 22 makes `f32x4.relaxed_max` where there is one, which may make anything of
// NaN: they stay alone.
#[cfg_attr(not(target_feature = "relaxed-simd"), inline(always))]
#[cfg_attr(target_feature = "relaxed-simd", inline(never))]
fn larger(a: f32, b: f32) -> f32 {
    if a > b { a } else { b }
}

#[cfg_attr(not(target_feature = "relaxed-simd"), inline(always))]
#[cfg_attr(target_feature = "relaxed-simd", inline(never))]
fn smaller(a: f32, b: f32) -> f32 {
    if a < b { a } else { b }
}

impl Lanes for Portable {
    type V = V;
    const AT_ONCE: usize = 1;
    const ROWS: usize = 2;
    #[inline(always)]
    unsafe fn splat(x: f32) -> V {
        [x; WIDTH]
    }
    #[inline(always)]
    unsafe fn load(p: *const f32) -> V {
        // SAFETY: the caller promises memory where there are pointers.
        unsafe { p.cast::<V>().read_unaligned() }
    }
    #[inline(always)]
    unsafe fn store(p: *mut f32, v: V) {
        // SAFETY: the caller promises memory where there are pointers.
        unsafe { p.cast::<V>().write_unaligned(v) }
    }
    #[inline(always)]
    unsafe fn load_first(p: *const f32, n: usize) -> V {
        let mut v = [0.0; WIDTH];
        // SAFETY: the caller promises memory where there are pointers.
        unsafe { core::ptr::copy_nonoverlapping(p, v.as_mut_ptr(), n) };
        v
    }
    #[inline(always)]
    unsafe fn store_first(p: *mut f32, n: usize, v: V) {
        // SAFETY: the caller promises memory where there are pointers.
        unsafe { core::ptr::copy_nonoverlapping(v.as_ptr(), p, n) }
    }
    #[inline(always)]
    unsafe fn add(a: V, b: V) -> V {
        each(a, b, |a, b| a + b)
    }
    #[inline(always)]
    unsafe fn sub(a: V, b: V) -> V {
        each(a, b, |a, b| a - b)
    }
    #[inline(always)]
    unsafe fn mul(a: V, b: V) -> V {
        each(a, b, |a, b| a * b)
    }
    #[inline(always)]
    unsafe fn div(a: V, b: V) -> V {
        each(a, b, |a, b| a / b)
    }
    #[inline(always)]
    unsafe fn fma(a: V, b: V, c: V) -> V {
        core::array::from_fn(|i| a[i] * b[i] + c[i])
    }
    #[inline(always)]
    unsafe fn max(a: V, b: V) -> V {
        each(a, b, larger)
    }
    #[inline(always)]
    unsafe fn min(a: V, b: V) -> V {
        each(a, b, smaller)
    }
    #[inline(always)]
    unsafe fn sqrt(a: V) -> V {
        a.map(libm::sqrtf)
    }
    #[inline(always)]
    unsafe fn round(a: V) -> V {
        // Adding and taking away 1.5·2²³ rounds |a| < 2²² to nearest even in the default mode.
        const MAGIC: f32 = 12_582_912.0;
        a.map(|x| (x + MAGIC) - MAGIC)
    }
    #[inline(always)]
    unsafe fn exp2i(n: V) -> V {
        // The sum with 1.5·2²³ has n + 127 in its last bits. A conversion would be one number at a time: of a float that is
        // no integer Rust promises one.
        n.map(|n| f32::from_bits((n + (12_582_912.0 + 127.0)).to_bits() << 23))
    }
}
