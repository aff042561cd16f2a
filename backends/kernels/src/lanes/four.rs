//! Four 128-bit registers, for instruction sets that have no wider ones.

use super::vector::{Lanes, WIDTH};

/// The operations of an instruction set on four f32: what [`Lanes`] says of each, for a quarter.
///
/// # Safety
/// As [`Lanes`], with room for four f32 where there are pointers.
pub(crate) trait Register: Copy {
    /// The register.
    type V: Copy;
    /// As [`Lanes::ROWS`].
    const ROWS: usize;
    unsafe fn splat(x: f32) -> Self::V;
    unsafe fn load(p: *const f32) -> Self::V;
    unsafe fn store(p: *mut f32, v: Self::V);
    unsafe fn add(a: Self::V, b: Self::V) -> Self::V;
    unsafe fn sub(a: Self::V, b: Self::V) -> Self::V;
    unsafe fn mul(a: Self::V, b: Self::V) -> Self::V;
    unsafe fn div(a: Self::V, b: Self::V) -> Self::V;
    unsafe fn fma(a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    unsafe fn max(a: Self::V, b: Self::V) -> Self::V;
    unsafe fn min(a: Self::V, b: Self::V) -> Self::V;
    unsafe fn sqrt(a: Self::V) -> Self::V;
    unsafe fn round(a: Self::V) -> Self::V;
    unsafe fn exp2i(n: Self::V) -> Self::V;
    /// Rows and columns of four registers exchanged.
    unsafe fn transpose(rows: [Self::V; 4]) -> [Self::V; 4];
}

/// Sixteen lanes in four registers of `R`.
#[derive(Clone, Copy)]
pub(crate) struct Four<R>(R);

type V<R> = (<R as Register>::V, <R as Register>::V, <R as Register>::V, <R as Register>::V);

macro_rules! each {
    ($f:path, $($x:expr),+) => {
        // SAFETY: the caller promises the instruction set.
        unsafe { ($f($($x.0),+), $f($($x.1),+), $f($($x.2),+), $f($($x.3),+)) }
    };
}

impl<R: Register> Lanes for Four<R> {
    type V = V<R>;
    const AT_ONCE: usize = 1;
    const ROWS: usize = R::ROWS;
    #[inline(always)]
    unsafe fn splat(x: f32) -> V<R> {
        // SAFETY: the caller promises the instruction set.
        let v = unsafe { R::splat(x) };
        (v, v, v, v)
    }
    #[inline(always)]
    unsafe fn load(p: *const f32) -> V<R> {
        // SAFETY: the caller promises the instruction set, and sixteen f32.
        unsafe { (R::load(p), R::load(p.add(4)), R::load(p.add(8)), R::load(p.add(12))) }
    }
    #[inline(always)]
    unsafe fn store(p: *mut f32, v: V<R>) {
        // SAFETY: the caller promises the instruction set, and room for sixteen f32.
        unsafe {
            R::store(p, v.0);
            R::store(p.add(4), v.1);
            R::store(p.add(8), v.2);
            R::store(p.add(12), v.3);
        }
    }
    #[inline(always)]
    unsafe fn load_first(p: *const f32, n: usize) -> V<R> {
        let mut all = [0.0; WIDTH];
        // SAFETY: the caller promises the instruction set, and `n` f32; `all` has sixteen.
        unsafe {
            core::ptr::copy_nonoverlapping(p, all.as_mut_ptr(), n);
            Self::load(all.as_ptr())
        }
    }
    #[inline(always)]
    unsafe fn store_first(p: *mut f32, n: usize, v: V<R>) {
        // SAFETY: the caller promises the instruction set, and room for `n` f32, which are at most sixteen.
        unsafe { core::ptr::copy_nonoverlapping(Self::array(v).as_ptr(), p, n) }
    }
    #[inline(always)]
    unsafe fn add(a: V<R>, b: V<R>) -> V<R> {
        each!(R::add, a, b)
    }
    #[inline(always)]
    unsafe fn sub(a: V<R>, b: V<R>) -> V<R> {
        each!(R::sub, a, b)
    }
    #[inline(always)]
    unsafe fn mul(a: V<R>, b: V<R>) -> V<R> {
        each!(R::mul, a, b)
    }
    #[inline(always)]
    unsafe fn div(a: V<R>, b: V<R>) -> V<R> {
        each!(R::div, a, b)
    }
    #[inline(always)]
    unsafe fn fma(a: V<R>, b: V<R>, c: V<R>) -> V<R> {
        each!(R::fma, a, b, c)
    }
    #[inline(always)]
    unsafe fn max(a: V<R>, b: V<R>) -> V<R> {
        each!(R::max, a, b)
    }
    #[inline(always)]
    unsafe fn min(a: V<R>, b: V<R>) -> V<R> {
        each!(R::min, a, b)
    }
    #[inline(always)]
    unsafe fn sqrt(a: V<R>) -> V<R> {
        each!(R::sqrt, a)
    }
    #[inline(always)]
    unsafe fn round(a: V<R>) -> V<R> {
        each!(R::round, a)
    }
    #[inline(always)]
    unsafe fn exp2i(n: V<R>) -> V<R> {
        each!(R::exp2i, n)
    }
    #[inline(always)]
    unsafe fn transpose(rows: [V<R>; WIDTH]) -> [V<R>; WIDTH] {
        let mut columns = rows;
        for i in 0..4 {
            let [a, b, c, d] = [rows[4 * i], rows[4 * i + 1], rows[4 * i + 2], rows[4 * i + 3]];
            // SAFETY: the caller promises the instruction set.
            let squares = unsafe {
                [
                    R::transpose([a.0, b.0, c.0, d.0]),
                    R::transpose([a.1, b.1, c.1, d.1]),
                    R::transpose([a.2, b.2, c.2, d.2]),
                    R::transpose([a.3, b.3, c.3, d.3]),
                ]
            };
            // Squares change places over the diagonal.
            for (j, v) in squares.into_iter().flatten().enumerate() {
                match i {
                    0 => columns[j].0 = v,
                    1 => columns[j].1 = v,
                    2 => columns[j].2 = v,
                    _ => columns[j].3 = v,
                }
            }
        }
        columns
    }
    #[inline(always)]
    unsafe fn sum(v: V<R>) -> f32 {
        // SAFETY: the caller promises the instruction set.
        let [a, b, c, d] = unsafe { quarter::<R>(R::add(R::add(v.0, v.2), R::add(v.1, v.3))) };
        (a + c) + (b + d)
    }
    #[inline(always)]
    unsafe fn largest(v: V<R>) -> f32 {
        // SAFETY: the caller promises the instruction set.
        let four = unsafe { quarter::<R>(R::max(R::max(v.0, v.2), R::max(v.1, v.3))) };
        four.into_iter().fold(f32::NEG_INFINITY, |a, b| if a > b { a } else { b })
    }
}

/// The four lanes of a register.
#[inline(always)]
unsafe fn quarter<R: Register>(v: R::V) -> [f32; 4] {
    let mut out = [0.0; 4];
    // SAFETY: the caller promises the instruction set; `out` has four lanes.
    unsafe { R::store(out.as_mut_ptr(), v) };
    out
}
