//! The most products of int8 that a processor does: those of one block that stays in the first cache.

use super::activations::BLOCK_BYTES;
use super::dispatch::integer_kernel;
use super::integers::{Integers, Rows};
use super::shape::INT8_BLOCK;
use crate::isa::Processor;
use crate::lanes::Lanes;
use core::hint::black_box;

/// The most rows that registers hold sums of.
const MOST: usize = 12;

/// Does `rounds` times the products of one block of weights and of as many rows of activations as registers hold sums
/// for, and returns the number of operations, two for each product.
pub fn int8(processor: Processor, rounds: usize) -> f64 {
    let (weights, rows) = (black_box([1; INT8_BLOCK]), black_box([1; MOST * BLOCK_BYTES]));
    let (weights, rows, done) = (&weights, &rows, &mut 0);
    integer_kernel!(processor, block(rounds: usize, weights: &[u8; INT8_BLOCK], rows: &[u8; MOST * BLOCK_BYTES], done: &mut usize));
    (2 * INT8_BLOCK * *done) as f64
}

/// # Safety
/// As [`Integers`].
#[inline(always)]
unsafe fn block<I: Integers>(
    rounds: usize,
    weights: &[u8; INT8_BLOCK],
    rows: &[u8; MOST * BLOCK_BYTES],
    done: &mut usize,
) {
    // SAFETY: as the caller's; there are as many rows.
    unsafe {
        match I::ROWS {
            12 => products::<I, 12>(rounds, weights, rows),
            8 => products::<I, 8>(rounds, weights, rows),
            4 => products::<I, 4>(rounds, weights, rows),
            2 => products::<I, 2>(rounds, weights, rows),
            _ => products::<I, 1>(rounds, weights, rows),
        }
    }
    *done = I::ROWS * rounds;
}

/// # Safety
/// As [`Integers`]; there are `R` rows.
#[inline(always)]
unsafe fn products<I: Integers, const R: usize>(
    rounds: usize,
    weights: &[u8; INT8_BLOCK],
    rows: &[u8; MOST * BLOCK_BYTES],
) {
    // SAFETY: as the caller's.
    unsafe {
        let mut all = [I::Lanes::splat(0.0); R];
        for _ in 0..rounds {
            // Looked at anew each time.
            let rows = Rows { start: black_box(rows).as_ptr(), stride: BLOCK_BYTES };
            let sums = I::int8::<R>(weights.as_ptr(), rows);
            for (all, sum) in all.iter_mut().zip(sums) {
                *all = I::Lanes::add(*all, sum);
            }
        }
        black_box(all.map(|sum| I::Lanes::sum(sum)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::processors;

    #[test]
    fn operations_are_counted() {
        for processor in processors() {
            let once = int8(processor, 1);
            assert!(once >= (2 * INT8_BLOCK) as f64, "{processor:?}");
            assert_eq!(int8(processor, 3), 3.0 * once);
        }
    }
}
