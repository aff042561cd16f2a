//! Attention's gradient.

use super::{BLOCK, Cache, Heads};
use crate::Cpu;
use crate::product::{Output, Shape, Strided, small};
use crate::simd::{Lanes, WIDTH, kernel};
use crate::slices::dot;
use crate::threads::Parts;
use crate::vector_math::exp;
use alloc::vec::Vec;
use core::ops::Range;

/// The gradient of [`super::forward`]: `d_qkv` `[tokens, qkv]`, all of it written, from `d_out`.
pub(crate) fn backward(
    cpu: &Cpu,
    heads: Heads,
    spans: &[Range<usize>],
    outputs: &[Range<usize>],
    qkv: &[f32],
    out: &[f32],
    log_sums: &[f32],
    d_out: &[f32],
    d_qkv: &mut [f32],
) {
    let all = Parts::new(d_qkv);
    cpu.ranges(spans.len() * heads.kv_heads, 3 * heads.cost_of(spans, outputs), &|tasks| {
        let mut s = Backward::default();
        for task in tasks {
            let (span, kv) = (spans[task / heads.kv_heads].clone(), task % heads.kv_heads);
            let qkv = &qkv[span.start * heads.qkv()..span.end * heads.qkv()];
            let out = &out[span.start * heads.out()..span.end * heads.out()];
            let d_out = &d_out[span.start * heads.out()..span.end * heads.out()];
            let log_sums = &log_sums[span.start * heads.heads..span.end * heads.heads];
            let query_rows = &outputs[task / heads.kv_heads];
            s.load(heads, kv, qkv);
            s.query_rows = query_rows.start - span.start..query_rows.end - span.start;
            for head in kv * heads.group()..(kv + 1) * heads.group() {
                s.load_head(head, qkv, out, d_out, log_sums);
                let scratch = &mut s;
                kernel!(cpu.isa(), backward_head(scratch: &mut Backward));
                s.store(&all, span.start, head * heads.width, &s.d_queries);
            }
            s.store(&all, span.start, heads.key_column(kv), &s.d_keys);
            s.store(&all, span.start, heads.value_column(kv), &s.d_values);
        }
    });
}

/// The buffers of one sequence and key head on the way back. Matrices have a row for each token, padded to whole
/// vectors.
#[derive(Default)]
struct Backward {
    heads: Heads,
    /// The rows that have a query.
    query_rows: Range<usize>,
    cache: Cache,
    /// Values in tiles, as the cache's keys.
    value_tiles: Vec<f32>,
    keys: Vec<f32>,
    queries: Vec<f32>,
    d_out: Vec<f32>,
    d_queries: Vec<f32>,
    d_keys: Vec<f32>,
    d_values: Vec<f32>,
    log_sums: Vec<f32>,
    /// Σ d_out · out of each row.
    projected: Vec<f32>,
    weights: Vec<f32>,
    d_scores: Vec<f32>,
}

impl Backward {
    fn load(&mut self, heads: Heads, kv: usize, qkv: &[f32]) {
        let rows = qkv.len() / heads.qkv();
        let padded = heads.vectors() * WIDTH;
        self.heads = heads;
        self.cache.len = 0;
        self.cache.push(heads, kv, qkv);
        // Columns that pad a head stay 0 from here on; sums start at 0.
        for matrix in [
            &mut self.keys,
            &mut self.queries,
            &mut self.d_out,
            &mut self.d_queries,
            &mut self.d_keys,
            &mut self.d_values,
        ] {
            matrix.clear();
            matrix.resize(rows * padded, 0.0);
        }
        let tiles = rows.div_ceil(WIDTH) * heads.width * WIDTH;
        self.value_tiles.resize(tiles, 0.0);
        self.log_sums.resize(rows, 0.0);
        self.projected.resize(rows, 0.0);
        let block = BLOCK.min(rows) * rows.next_multiple_of(WIDTH);
        self.weights.resize(block, 0.0);
        self.d_scores.resize(block, 0.0);
        for (t, row) in qkv.chunks_exact(heads.qkv()).enumerate() {
            self.keys[t * padded..][..heads.width]
                .copy_from_slice(&row[heads.key_column(kv)..][..heads.width]);
            let tile = &mut self.value_tiles[t / WIDTH * heads.width * WIDTH..];
            for (d, &v) in row[heads.value_column(kv)..][..heads.width].iter().enumerate() {
                tile[d * WIDTH + t % WIDTH] = v;
            }
        }
    }

    fn load_head(&mut self, head: usize, qkv: &[f32], out: &[f32], d_out: &[f32], log_sums: &[f32]) {
        let (heads, padded) = (self.heads, self.heads.vectors() * WIDTH);
        let column = head * heads.width;
        for t in self.query_rows.clone() {
            let d_row = &d_out[t * heads.out() + column..][..heads.width];
            let row = &out[t * heads.out() + column..][..heads.width];
            self.queries[t * padded..][..heads.width]
                .copy_from_slice(&qkv[t * heads.qkv() + column..][..heads.width]);
            self.d_out[t * padded..][..heads.width].copy_from_slice(d_row);
            self.log_sums[t] = log_sums[t * heads.heads + head];
            // SAFETY: plain Rust needs nothing; one order of this sum on every instruction set.
            self.projected[t] = unsafe { dot::<crate::simd::Portable>(d_row, row) };
        }
    }

    /// Copies a padded matrix to `column` of the gradient's rows.
    fn store(&self, all: &Parts<'_, f32>, first: usize, column: usize, from: &[f32]) {
        for (t, row) in from.chunks_exact(self.heads.vectors() * WIDTH).enumerate() {
            let at = (first + t) * self.heads.qkv() + column;
            // SAFETY: each task writes the columns of its own heads and rows.
            unsafe { all.get(at..at + self.heads.width) }.copy_from_slice(&row[..self.heads.width]);
        }
    }
}

/// One query head: `P = exp(S − log sum)`, `dV += Pᵀ·dO`, `dS = P ∘ (dO·Vᵀ − Σ dO∘O) · scale`,
/// `dQ = dS·K`, `dK += dSᵀ·Q` (Dao et al., arXiv:2205.14135, appendix B.2), block by block of queries.
#[inline(always)]
unsafe fn backward_head<L: Lanes>(s: &mut Backward) {
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
            let (keys, values) = (s.cache.keys.as_ptr(), s.value_tiles.as_ptr());
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
