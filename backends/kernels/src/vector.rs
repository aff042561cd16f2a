//! Sums and products of whole vectors.

use crate::dispatch::kernel;
use crate::isa::Processor;
use crate::lanes::{Lanes, Portable, WIDTH};
use crate::slices::{self, get, put};
use crate::vector_math;

/// Returns Σ a·b as sixteen partial sums in rising order.
///
/// # Panics
/// If the slices are not as long.
pub fn dot(processor: Processor, a: &[f32], b: &[f32]) -> f32 {
    use slices::dot;
    assert_eq!(a.len(), b.len());
    kernel!(processor, dot(a: &[f32], b: &[f32]) -> f32)
}

/// `a += x·b`.
///
/// # Panics
/// If the slices are not as long.
pub fn add_scaled(processor: Processor, a: &mut [f32], x: f32, b: &[f32]) {
    use slices::add_scaled;
    assert_eq!(a.len(), b.len());
    kernel!(processor, add_scaled(a: &mut [f32], x: f32, b: &[f32]));
}

/// Takes each number to its exponential, with a relative error below 2e-7 on -87 ..= 88: below it 0, above it e⁸⁸.
pub fn exp(processor: Processor, x: &mut [f32]) {
    kernel!(processor, exp_slice(x: &mut [f32]));
}

/// Takes sixteen numbers to their exponentials as [`exp`] does on [`Processor::PORTABLE`], within what calls it: see
/// [`Processor::run`].
// Elsewhere the vectors are the same in what calls it, and its code is long.
#[cfg_attr(target_arch = "x86_64", inline(always))]
#[cfg_attr(not(target_arch = "x86_64"), inline(never))]
pub fn plain_exp(x: [f32; WIDTH]) -> [f32; WIDTH] {
    // SAFETY: plain Rust needs nothing.
    unsafe { vector_math::exp::<Portable>(x) }
}

#[inline(always)]
unsafe fn exp_slice<L: Lanes>(x: &mut [f32]) {
    for i in (0..x.len()).step_by(WIDTH) {
        let n = x.len() - i;
        // SAFETY: offsets stay below the length; the caller has the lanes.
        unsafe {
            let p = x.as_mut_ptr().add(i);
            put::<L>(p, n, vector_math::exp::<L>(get::<L>(p, n)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{close, numbers, processors};

    #[test]
    fn exponentials_of_any_length() {
        for n in [0, 1, 16, 37] {
            let x = numbers(n, 1);
            let want: alloc::vec::Vec<f64> = x.iter().map(|&x| f64::from(x).exp()).collect();
            for processor in processors() {
                let mut got = x.clone();
                exp(processor, &mut got);
                close(processor, "exp", &got, &want, 3e-7);
                if let Some(first) = x.first_chunk() {
                    let mut got = *first;
                    exp(Processor::PORTABLE, &mut got);
                    assert_eq!(plain_exp(*first), got);
                }
            }
        }
    }
}
