//! The most arithmetic that a processor does: nothing but multiplications and additions in registers.

use crate::dispatch::factors_kernel;
use crate::isa::Processor;
use crate::lanes::{Lanes, WIDTH};
use crate::product::{Factors, Step};
pub use crate::quantized::peak::int8;
use core::hint::black_box;

/// Vectors of sums that do not wait for each other: more than a fused operation's latency times its units, and fewer
/// than there are registers.
const SUMS: usize = 6;

/// Does `rounds` times as many fused multiplications and additions of such factors as registers hold sums for, and
/// returns the number of operations, two for each product.
pub fn fused(processor: Processor, factors: Factors, rounds: usize) -> f64 {
    let (line, columns) = (black_box([0.999; 2]), black_box([0.001; WIDTH]));
    let (line, columns) = (&line, &columns);
    factors_kernel!(processor, factors, fused_rounds(rounds: usize, line: &[f32; 2], columns: &[f32; WIDTH]));
    let elements = if factors == Factors::Bf16 { 2 } else { 1 };
    (2 * elements * WIDTH * 2 * SUMS * rounds) as f64
}

#[inline(always)]
unsafe fn fused_rounds<L: Lanes, S: Step<L>>(rounds: usize, line: &[f32; 2], columns: &[f32; WIDTH]) {
    // SAFETY: there are two and sixteen numbers; the caller has the lanes.
    unsafe {
        let (line, columns) = (S::line(line.as_ptr(), 1), S::columns(columns.as_ptr()));
        let mut sums = [L::splat(1.0); SUMS];
        for _ in 0..2 * rounds {
            for sum in &mut sums {
                *sum = S::multiply(line, columns, *sum);
            }
        }
        let mut out = [0.0; WIDTH];
        for sum in sums {
            L::store(out.as_mut_ptr(), sum);
            black_box(&mut out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::processors;

    #[test]
    fn operations_are_counted() {
        for processor in processors() {
            assert_eq!(fused(processor, Factors::F32, 3), (3 * 2 * 2 * SUMS * WIDTH) as f64);
            assert_eq!(fused(processor, Factors::Bf16, 3), 2.0 * fused(processor, Factors::F32, 3));
        }
    }
}
