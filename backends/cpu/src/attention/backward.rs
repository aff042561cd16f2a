//! Attention's gradient.

use super::{Cache, Heads, cost_of};
use crate::Cpu;
use crate::threads::Parts;
use alloc::vec::Vec;
use core::ops::Range;
use rlhf_kernels::attention::{BackwardHead, keys_len};
use rlhf_kernels::vector::dot;
use rlhf_kernels::{Processor, WIDTH};

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
    cpu.ranges(spans.len() * heads.kv_heads, 3 * cost_of(heads, spans, outputs), &|tasks| {
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
                s.head().run(cpu.processor());
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
        self.cache.clear();
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
        self.value_tiles.resize(keys_len(heads, rows), 0.0);
        self.log_sums.resize(rows, 0.0);
        self.projected.resize(rows, 0.0);
        self.weights.resize(BackwardHead::room(rows), 0.0);
        self.d_scores.resize(BackwardHead::room(rows), 0.0);
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
            // One order of this sum on every instruction set.
            self.projected[t] = dot(Processor::PORTABLE, d_row, row);
        }
    }

    /// The head that was loaded last.
    fn head(&mut self) -> BackwardHead<'_> {
        BackwardHead {
            heads: self.heads,
            query_rows: self.query_rows.clone(),
            key_tiles: self.cache.view(self.heads).keys(),
            value_tiles: &self.value_tiles,
            keys: &self.keys,
            queries: &self.queries,
            d_out: &self.d_out,
            log_sums: &self.log_sums,
            projected: &self.projected,
            d_queries: &mut self.d_queries,
            d_keys: &mut self.d_keys,
            d_values: &mut self.d_values,
            weights: &mut self.weights,
            d_scores: &mut self.d_scores,
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
