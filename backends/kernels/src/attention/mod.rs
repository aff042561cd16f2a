//! Causal attention over cached keys and values, forward and backward: blocks of queries of one head, and all heads of
//! one token.
//!
//! A query's row is the same computation everywhere: scores of keys 0, 1, … in tiles of sixteen, their greatest,
//! exponentials and their sum, then values in rising order. Queries that share a block with later ones see zeros where
//! their own keys have ended, which changes no bit.

mod backward;
mod block;
mod cache;
mod heads;
mod token;

pub use backward::BackwardHead;
pub use block::block;
pub use cache::{Cache, Caches, keys_len, push, values_len};
pub use heads::Heads;
pub use token::token;

use crate::lanes::{Lanes, WIDTH};
use crate::vector_math::exp;

/// Queries of a block, at most.
pub const BLOCK: usize = 32;

/// The sum of a row's exponentials.
#[derive(Clone, Copy, Default)]
pub struct Sum {
    /// Σ exp(scale·score − greatest).
    shifted: f32,
    greatest: f32,
}

impl Sum {
    /// Returns log Σ exp(scale·score).
    pub fn log(self) -> f32 {
        self.greatest + libm::logf(self.shifted)
    }
}

/// Scores of the first `keys` of a row to their softmax, whole vectors of it; 0 after them.
///
/// # Safety
/// As [`Lanes`]; the row is whole vectors.
#[inline(always)]
unsafe fn softmax<L: Lanes>(row: &mut [f32], keys: usize, scale: f32) -> Sum {
    // SAFETY: rows are whole vectors.
    unsafe {
        let tail = keys.next_multiple_of(WIDTH);
        row[keys..tail].fill(f32::NEG_INFINITY);
        let mut greatest = L::splat(f32::NEG_INFINITY);
        for i in (0..tail).step_by(WIDTH) {
            greatest = L::max(L::load(row.as_ptr().add(i)), greatest);
        }
        let greatest = L::largest(greatest) * scale;
        for i in (0..tail).step_by(WIDTH) {
            let p = row.as_mut_ptr().add(i);
            let shifted = L::sub(L::mul(L::load(p), L::splat(scale)), L::splat(greatest));
            L::store(p, exp::<L>(shifted));
        }
        row[keys..].fill(0.0);
        let mut sum = L::splat(0.0);
        for i in (0..tail).step_by(WIDTH) {
            sum = L::add(sum, L::load(row.as_ptr().add(i)));
        }
        let shifted = L::sum(sum);
        // Scaled here, not in the outputs: one multiplication for each key, but attention's weights are then what
        // the backward pass sees.
        let inverse = L::splat(1.0 / shifted);
        for i in (0..row.len()).step_by(WIDTH) {
            let p = row.as_mut_ptr().add(i);
            L::store(p, L::mul(L::load(p), inverse));
        }
        Sum { shifted, greatest }
    }
}

#[cfg(test)]
mod tests;
