//! Causal attention over ragged sequences, forward and backward, cached or not.
//!
//! A query's row is the same computation everywhere: scores of keys 0, 1, … in tiles of sixteen,
//! their greatest, exponentials and their sum, then values in rising order. Queries that share a
//! block with later ones see zeros where their own keys have ended, which changes no bit.

mod backward;
mod forward;
mod token;

pub(crate) use backward::backward;
pub(crate) use forward::{forward, forward_cached};

use crate::simd::{Lanes, WIDTH};
use crate::threads::ELEMENT;
use crate::vector_math::exp;
use alloc::vec::Vec;
use core::ops::Range;
use rlhf_core::model::Architecture;

/// The sizes of one attention layer.
#[derive(Clone, Copy, Default)]
pub(crate) struct Heads {
    pub(crate) heads: usize,
    pub(crate) kv_heads: usize,
    pub(crate) width: usize,
    /// 1/√width.
    scale: f32,
}

impl Heads {
    pub(crate) fn of(a: &Architecture) -> Self {
        Self::new(a.heads, a.kv_heads, a.head_width)
    }

    fn new(heads: usize, kv_heads: usize, width: usize) -> Self {
        Self { heads, kv_heads, width, scale: 1.0 / libm::sqrtf(width as f32) }
    }

    /// Query heads that share one key and value head.
    fn group(self) -> usize {
        self.heads / self.kv_heads
    }

    /// The columns of a row of queries, keys and values.
    pub(crate) fn qkv(self) -> usize {
        (self.heads + 2 * self.kv_heads) * self.width
    }

    /// The columns of a row of outputs.
    pub(crate) fn out(self) -> usize {
        self.heads * self.width
    }

    /// The multiplications, about, of so many queries that see so many keys: half of them, each once for its score and
    /// once for its value, and an exponential.
    fn cost(self, queries: usize, keys: usize) -> usize {
        queries * keys * self.heads * (self.width + ELEMENT / 2)
    }

    /// [`Self::cost`] of whole sequences, of which the rows of `outputs` have a query.
    fn cost_of(self, spans: &[Range<usize>], outputs: &[Range<usize>]) -> usize {
        spans.iter().zip(outputs).map(|(span, outputs)| self.cost(outputs.len(), span.len())).sum()
    }

    fn key_column(self, kv: usize) -> usize {
        (self.heads + kv) * self.width
    }

    fn value_column(self, kv: usize) -> usize {
        (self.heads + self.kv_heads + kv) * self.width
    }

    /// A head's width in whole vectors.
    fn vectors(self) -> usize {
        self.width.div_ceil(WIDTH)
    }
}

/// The keys and values of one sequence and one key head.
#[derive(Clone, Default)]
pub(crate) struct Cache {
    /// Keys in tiles: `[tile][head width][16 keys]`.
    keys: Vec<f32>,
    /// Values, rows padded to whole vectors: `[key][vectors · 16]`.
    values: Vec<f32>,
    len: usize,
}

impl Cache {
    /// An empty one that can grow to so many tokens where it is.
    pub(crate) fn with_room(heads: Heads, tokens: usize) -> Self {
        let keys = Vec::with_capacity(tokens.next_multiple_of(WIDTH) * heads.width);
        let values = Vec::with_capacity(tokens * heads.vectors() * WIDTH);
        Self { keys, values, len: 0 }
    }

    /// Appends the keys and values of rows of `qkv`.
    pub(crate) fn push(&mut self, heads: Heads, kv: usize, qkv: &[f32]) {
        let (width, padded) = (heads.width, heads.vectors() * WIDTH);
        let rows = qkv.len() / heads.qkv();
        let tiles = (self.len + rows).div_ceil(WIDTH);
        self.keys.resize(tiles * width * WIDTH, 0.0);
        self.values.resize((self.len + rows) * padded, 0.0);
        for row in qkv.chunks_exact(heads.qkv()) {
            let tile = &mut self.keys[self.len / WIDTH * width * WIDTH..];
            for (d, &k) in row[heads.key_column(kv)..][..width].iter().enumerate() {
                tile[d * WIDTH + self.len % WIDTH] = k;
            }
            self.values[self.len * padded..][..width]
                .copy_from_slice(&row[heads.value_column(kv)..][..width]);
            self.len += 1;
        }
    }
}

/// Queries of a block.
const BLOCK: usize = 32;

/// The sum of a row's exponentials.
#[derive(Clone, Copy, Default)]
struct Sum {
    /// Σ exp(scale·score − greatest).
    shifted: f32,
    greatest: f32,
}

impl Sum {
    /// log Σ exp(scale·score).
    fn log(self) -> f32 {
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
