//! Vectors over slices whose length is no multiple of a vector's.

use crate::lanes::{Lanes, WIDTH};

/// Loads up to sixteen elements from `p`; missing ones are 0.
///
/// # Safety
/// As [`Lanes`]; `n` elements exist.
#[inline(always)]
pub(crate) unsafe fn get<L: Lanes>(p: *const f32, n: usize) -> L::V {
    // SAFETY: as the caller's.
    unsafe { if n >= WIDTH { L::load(p) } else { L::load_first(p, n) } }
}

/// Stores up to sixteen elements to `p`.
///
/// # Safety
/// As [`Lanes`]; `n` elements exist.
#[inline(always)]
pub(crate) unsafe fn put<L: Lanes>(p: *mut f32, n: usize, v: L::V) {
    // SAFETY: as the caller's.
    unsafe { if n >= WIDTH { L::store(p, v) } else { L::store_first(p, n, v) } }
}

/// Returns 1 in the first `n` lanes, else 0.
///
/// # Safety
/// As [`Lanes`].
#[inline(always)]
pub(crate) unsafe fn ones<L: Lanes>(n: usize) -> L::V {
    // SAFETY: there are sixteen ones.
    unsafe { get::<L>([1.0; WIDTH].as_ptr(), n) }
}

/// Returns Σ a·b as sixteen partial sums in rising order.
///
/// # Safety
/// As [`Lanes`].
#[inline(always)]
pub(crate) unsafe fn dot<L: Lanes>(a: &[f32], b: &[f32]) -> f32 {
    debug_assert_eq!(a.len(), b.len());
    // SAFETY: both have as many elements; the caller has the lanes.
    unsafe {
        let mut sum = L::splat(0.0);
        for i in (0..a.len()).step_by(WIDTH) {
            let n = a.len() - i;
            sum = L::fma(get::<L>(a.as_ptr().add(i), n), get::<L>(b.as_ptr().add(i), n), sum);
        }
        L::sum(sum)
    }
}

/// `a += x·b`.
///
/// # Safety
/// As [`Lanes`].
#[inline(always)]
pub(crate) unsafe fn add_scaled<L: Lanes>(a: &mut [f32], x: f32, b: &[f32]) {
    debug_assert_eq!(a.len(), b.len());
    // SAFETY: both have as many elements; the caller has the lanes.
    unsafe {
        for i in (0..a.len()).step_by(WIDTH) {
            let n = a.len() - i;
            let sum = L::fma(L::splat(x), get::<L>(b.as_ptr().add(i), n), get::<L>(a.as_ptr().add(i), n));
            put::<L>(a.as_mut_ptr().add(i), n, sum);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dispatch::kernel;
    use crate::testing::{close, numbers, processors, weighted, wide};

    #[test]
    fn any_length_will_do() {
        for n in [0, 1, 15, 16, 17, 100] {
            let (a, b) = (&numbers(n, 1)[..], &numbers(n, 2)[..]);
            let x = 0.3f32;
            let sums: alloc::vec::Vec<f64> =
                a.iter().zip(b).map(|(a, b)| f64::from(*a) + f64::from(x) * f64::from(*b)).collect();
            for processor in processors() {
                let dot = kernel!(processor, dot(a: &[f32], b: &[f32]) -> f32);
                close(processor, "dot", &[dot], &[weighted(&wide(a), &wide(b))], 2e-6);
                let mut copy = a.to_vec();
                let a = &mut copy[..];
                kernel!(processor, add_scaled(a: &mut [f32], x: f32, b: &[f32]));
                close(processor, "add_scaled", &copy, &sums, 1e-6);
            }
        }
    }
}
