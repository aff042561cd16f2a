//! Attention's gradient.

use super::{BLOCK, Heads};
use crate::dispatch::kernel;
use crate::isa::Processor;
use crate::lanes::{Lanes, WIDTH};
use crate::product::{Output, Shape, Strided, small};
use crate::vector_math::exp;
use core::ops::Range;

/// One query head of one sequence on the way back. Matrices have a row for each token, padded with zeros to whole
/// vectors; tiles are those of [`Cache::keys`](super::Cache::keys).
pub struct BackwardHead<'a> {
    /// The sizes of the layer.
    pub heads: Heads,
    /// The rows that have a query.
    pub query_rows: Range<usize>,
    /// Keys in tiles.
    pub key_tiles: &'a [f32],
    /// Values in tiles.
    pub value_tiles: &'a [f32],
    /// Keys in rows.
    pub keys: &'a [f32],
    /// Queries in rows.
    pub queries: &'a [f32],
    /// The gradient of outputs.
    pub d_out: &'a [f32],
    /// Each row's log of its sum of exponentials: [`Sum::log`](super::Sum::log).
    pub log_sums: &'a [f32],
    /// Σ d_out · out of each row.
    pub projected: &'a [f32],
    /// The gradient of queries, which is written.
    pub d_queries: &'a mut [f32],
    /// The gradient of keys, which is added to.
    pub d_keys: &'a mut [f32],
    /// The gradient of values, which is added to.
    pub d_values: &'a mut [f32],
    /// Room for [`Self::room`] numbers.
    pub weights: &'a mut [f32],
    /// Room for [`Self::room`] numbers.
    pub d_scores: &'a mut [f32],
}

impl BackwardHead<'_> {
    /// Returns the numbers of [`Self::weights`] and of [`Self::d_scores`] for so many tokens.
    pub const fn room(tokens: usize) -> usize {
        tokens.next_multiple_of(WIDTH) * if tokens < BLOCK { tokens } else { BLOCK }
    }

    /// One query head: `P = exp(S − log sum)`, `dV += Pᵀ·dO`, `dS = P ∘ (dO·Vᵀ − Σ dO∘O) · scale`,
    /// `dQ = dS·K`, `dK += dSᵀ·Q` (Dao et al., arXiv:2205.14135, appendix B.2), block by block of queries.
    ///
    /// # Panics
    /// If a slice has too few numbers for its rows.
    pub fn run(&mut self, processor: Processor) {
        let (rows, padded) = (self.query_rows.end, self.heads.vectors() * WIDTH);
        let tiles = rows.next_multiple_of(WIDTH) * self.heads.width;
        assert!(self.key_tiles.len() >= tiles && self.value_tiles.len() >= tiles);
        for matrix in [self.keys, self.queries, self.d_out, self.d_queries, self.d_keys, self.d_values] {
            assert!(matrix.len() >= rows * padded);
        }
        assert!(self.log_sums.len() >= rows && self.projected.len() >= rows);
        assert!(self.weights.len() >= Self::room(rows) && self.d_scores.len() >= Self::room(rows));
        let s = self;
        kernel!(processor, head(s: &mut BackwardHead<'_>));
    }
}

#[inline(always)]
unsafe fn head<L: Lanes>(s: &mut BackwardHead<'_>) {
    let (width, vectors, scale) = (s.heads.width, s.heads.vectors(), s.heads.scale);
    let padded = vectors * WIDTH;
    let query_rows = s.query_rows.clone();
    for start in query_rows.clone().step_by(BLOCK) {
        let last = (start + BLOCK).min(query_rows.end);
        let n = last - start;
        let stride = last.next_multiple_of(WIDTH);
        // SAFETY: all matrices have a row of whole vectors or tiles for each token, and query rows are among them.
        unsafe {
            let queries = s.queries.as_ptr().add(start * padded);
            let d_out = s.d_out.as_ptr().add(start * padded);
            let tiles = last.div_ceil(WIDTH);
            let (keys, values) = (s.key_tiles.as_ptr(), s.value_tiles.as_ptr());
            let (weights, d_scores) = (s.weights.as_mut_ptr(), s.d_scores.as_mut_ptr());
            let tile = width * WIDTH;
            small::<L>(
                Shape { m: n, k: width, n: tiles },
                Strided { data: queries, line: padded, step: 1 },
                Strided { data: keys, line: tile, step: WIDTH },
                false,
                Output { start: weights, row: stride },
            );
            small::<L>(
                Shape { m: n, k: width, n: tiles },
                Strided { data: d_out, line: padded, step: 1 },
                Strided { data: values, line: tile, step: WIDTH },
                false,
                Output { start: d_scores, row: stride },
            );
            for r in 0..n {
                let keys = start + r + 1;
                let weights = &mut s.weights[r * stride..(r + 1) * stride];
                let d_scores = &mut s.d_scores[r * stride..(r + 1) * stride];
                let log_sum = L::splat(s.log_sums[start + r]);
                let projected = L::splat(s.projected[start + r]);
                for i in (0..keys).step_by(WIDTH) {
                    let w = weights.as_mut_ptr().add(i);
                    let d = d_scores.as_mut_ptr().add(i);
                    let p = exp::<L>(L::sub(L::mul(L::load(w), L::splat(scale)), log_sum));
                    L::store(w, p);
                    L::store(d, L::mul(L::mul(p, L::splat(scale)), L::sub(L::load(d), projected)));
                }
                weights[keys..].fill(0.0);
                d_scores[keys..].fill(0.0);
            }
            let (weights, d_scores) = (s.weights.as_ptr(), s.d_scores.as_ptr());
            let d_queries = s.d_queries.as_mut_ptr().add(start * padded);
            small::<L>(
                Shape { m: n, k: last, n: vectors },
                Strided { data: d_scores, line: stride, step: 1 },
                Strided { data: s.keys.as_ptr(), line: WIDTH, step: padded },
                false,
                Output { start: d_queries, row: padded },
            );
            let (d_values, d_keys) = (s.d_values.as_mut_ptr(), s.d_keys.as_mut_ptr());
            small::<L>(
                Shape { m: last, k: n, n: vectors },
                Strided { data: weights, line: 1, step: stride },
                Strided { data: d_out, line: WIDTH, step: padded },
                true,
                Output { start: d_values, row: padded },
            );
            small::<L>(
                Shape { m: last, k: n, n: vectors },
                Strided { data: d_scores, line: 1, step: stride },
                Strided { data: queries, line: WIDTH, step: padded },
                true,
                Output { start: d_keys, row: padded },
            );
        }
    }
}
