//! Causal attention over ragged sequences, forward and backward, cached or not.
//!
//! A query's row is the same computation everywhere: scores of keys 0, 1, … in tiles of sixteen,
//! their greatest, exponentials and their sum, then values in rising order. Queries that share a
//! block with later ones see zeros where their own keys have ended, which changes no bit.

use crate::Cpu;
use crate::elementary::exp;
use crate::lanes::{Lanes, WIDTH, kernel};
use crate::product::small;
use crate::slices::dot;
use crate::threads::Parts;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;
use rlhf_core::model::Architecture;

/// The sizes of one attention layer.
#[derive(Clone, Copy)]
pub(crate) struct Heads {
    pub(crate) heads: usize,
    pub(crate) kv_heads: usize,
    pub(crate) width: usize,
}

impl Heads {
    pub(crate) fn of(a: &Architecture) -> Self {
        Self { heads: a.heads, kv_heads: a.kv_heads, width: a.head_width }
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

    fn scale(self) -> f32 {
        1.0 / libm::sqrtf(self.width as f32)
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

/// Attention of whole sequences, each from its start. `qkv`: `[tokens, qkv]`; `out`:
/// `[tokens, heads · width]`; `log_sums`: `[tokens, heads]`, the log of each row's sum of
/// exponentials, for [`backward`].
pub(crate) fn forward(
    cpu: &Cpu,
    heads: Heads,
    spans: &[Range<usize>],
    qkv: &[f32],
    out: &mut [f32],
    log_sums: &mut [f32],
) {
    let (all_out, all_sums) = (Parts::new(out), Parts::new(log_sums));
    cpu.threads().run(spans.len() * heads.kv_heads, &|task| {
        let (span, kv) = (spans[task / heads.kv_heads].clone(), task % heads.kv_heads);
        let rows = &qkv[span.start * heads.qkv()..span.end * heads.qkv()];
        let mut cache = Cache::default();
        cache.push(heads, kv, rows);
        attend(cpu, heads, kv, &cache, rows, span.start, &all_out, Some(&all_sums));
    });
}

/// Attention of rows that follow what is cached: each sequence's new rows are the last of its cache.
/// `caches`: for each span, one for each key head.
pub(crate) fn forward_cached(
    cpu: &Cpu,
    heads: Heads,
    spans: &[Range<usize>],
    qkv: &[f32],
    caches: &mut [&mut [Cache]],
    out: &mut [f32],
) {
    let all_out = Parts::new(out);
    let all_caches = Parts::new(caches);
    cpu.threads().run(spans.len(), &|i| {
        // SAFETY: each task has its own sequence.
        let caches = unsafe { &mut all_caches.get(i..i + 1)[0] };
        let rows = &qkv[spans[i].start * heads.qkv()..spans[i].end * heads.qkv()];
        for (kv, cache) in caches.iter_mut().enumerate() {
            cache.push(heads, kv, rows);
            attend(cpu, heads, kv, cache, rows, spans[i].start, &all_out, None);
        }
    });
}

/// The query heads of key head `kv`, for rows whose keys are the last of `cache`. `first` is the
/// first row's place in the outputs.
fn attend(
    cpu: &Cpu,
    heads: Heads,
    kv: usize,
    cache: &Cache,
    qkv: &[f32],
    first: usize,
    out: &Parts<'_, f32>,
    log_sums: Option<&Parts<'_, f32>>,
) {
    let rows = qkv.len() / heads.qkv();
    let mut scores = vec![0.0; BLOCK.min(rows) * cache.len.next_multiple_of(WIDTH)];
    let mut sums = [0.0; BLOCK];
    let mut block_out = vec![0.0; BLOCK.min(rows) * heads.vectors() * WIDTH];
    let (sc, su, bo) = (&mut scores[..], &mut sums[..], &mut block_out[..]);
    for head in kv * heads.group()..(kv + 1) * heads.group() {
        for start in (0..rows).step_by(BLOCK) {
            let block = start..(start + BLOCK).min(rows);
            let n = block.len();
            let before = cache.len - rows + start;
            let queries = &qkv[block.start * heads.qkv() + head * heads.width..];
            kernel!(cpu.isa(), attend_block(heads: Heads, cache: &Cache, queries: &[f32], before: usize, n: usize, sc: &mut [f32], su: &mut [f32], bo: &mut [f32]));
            for (r, row) in bo.chunks_exact(heads.vectors() * WIDTH).take(n).enumerate() {
                let t = first + block.start + r;
                // SAFETY: each task writes the columns of its own heads and rows.
                unsafe {
                    let at = t * heads.out() + head * heads.width;
                    out.get(at..at + heads.width).copy_from_slice(&row[..heads.width]);
                    if let Some(log_sums) = log_sums {
                        let at = t * heads.heads + head;
                        log_sums.get(at..at + 1)[0] = su[r];
                    }
                }
            }
        }
    }
}

/// `n` queries of one head, the first of which sees `before + 1` keys.
#[inline(always)]
unsafe fn attend_block<L: Lanes>(
    heads: Heads,
    cache: &Cache,
    queries: &[f32],
    before: usize,
    n: usize,
    scores: &mut [f32],
    log_sums: &mut [f32],
    out: &mut [f32],
) {
    let (width, vectors) = (heads.width, heads.vectors());
    let last = before + n;
    let stride = last.next_multiple_of(WIDTH);
    // SAFETY: the cache holds `last` keys in whole tiles and values in whole rows; scores and outputs
    // are as large as `attend` made them.
    unsafe {
        for tile in 0..last.div_ceil(WIDTH) {
            let keys = cache.keys.as_ptr().add(tile * width * WIDTH);
            let to = scores.as_mut_ptr().add(tile * WIDTH);
            small::<L>((n, width, 1), (queries.as_ptr(), heads.qkv(), 1), (keys, WIDTH), false, (to, stride));
        }
        for r in 0..n {
            let row = &mut scores[r * stride..(r + 1) * stride];
            let (sum, log_sum) = exponentials::<L>(row, before + r + 1, heads.scale());
            log_sums[r] = log_sum;
            let inverse = 1.0 / sum;
            // Scaled here, not in the outputs: one multiplication for each key, but attention's
            // weights are then what the backward pass sees.
            for i in (0..stride).step_by(WIDTH) {
                let p = row.as_mut_ptr().add(i);
                L::store(p, L::mul(L::load(p), L::splat(inverse)));
            }
        }
        let values = cache.values.as_ptr();
        let padded = vectors * WIDTH;
        small::<L>(
            (n, last, vectors),
            (scores.as_ptr(), stride, 1),
            (values, padded),
            false,
            (out.as_mut_ptr(), padded),
        );
    }
}

/// Scores to `exp(scale·(score − greatest))` for the first `keys` of a row, 0 after them. Returns
/// their sum and the log of the sum without the shift.
#[inline(always)]
unsafe fn exponentials<L: Lanes>(row: &mut [f32], keys: usize, scale: f32) -> (f32, f32) {
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
        let sum = L::sum(sum);
        (sum, greatest + libm::logf(sum))
    }
}

/// The gradient of [`forward`]: `d_qkv` `[tokens, qkv]`, all of it written, from `d_out`.
pub(crate) fn backward(
    cpu: &Cpu,
    heads: Heads,
    spans: &[Range<usize>],
    qkv: &[f32],
    out: &[f32],
    log_sums: &[f32],
    d_out: &[f32],
    d_qkv: &mut [f32],
) {
    let all = Parts::new(d_qkv);
    cpu.threads().run(spans.len() * heads.kv_heads, &|task| {
        let (span, kv) = (spans[task / heads.kv_heads].clone(), task % heads.kv_heads);
        let qkv = &qkv[span.start * heads.qkv()..span.end * heads.qkv()];
        let out = &out[span.start * heads.out()..span.end * heads.out()];
        let d_out = &d_out[span.start * heads.out()..span.end * heads.out()];
        let log_sums = &log_sums[span.start * heads.heads..span.end * heads.heads];
        let mut s = Backward::new(heads, kv, qkv);
        for head in kv * heads.group()..(kv + 1) * heads.group() {
            s.load_head(head, qkv, out, d_out, log_sums);
            let scratch = &mut s;
            kernel!(cpu.isa(), backward_head(scratch: &mut Backward));
            s.store(&all, span.start, head * heads.width, &s.d_queries);
        }
        s.store(&all, span.start, heads.key_column(kv), &s.d_keys);
        s.store(&all, span.start, heads.value_column(kv), &s.d_values);
    });
}

/// What one sequence and key head need on the way back. Matrices have a row for each token, padded
/// to whole vectors.
struct Backward {
    heads: Heads,
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
    fn new(heads: Heads, kv: usize, qkv: &[f32]) -> Self {
        let rows = qkv.len() / heads.qkv();
        let padded = heads.vectors() * WIDTH;
        let mut cache = Cache::default();
        cache.push(heads, kv, qkv);
        let mut keys = vec![0.0; rows * padded];
        let mut value_tiles = vec![0.0; rows.div_ceil(WIDTH) * heads.width * WIDTH];
        for (t, row) in qkv.chunks_exact(heads.qkv()).enumerate() {
            keys[t * padded..][..heads.width].copy_from_slice(&row[heads.key_column(kv)..][..heads.width]);
            let tile = &mut value_tiles[t / WIDTH * heads.width * WIDTH..];
            for (d, &v) in row[heads.value_column(kv)..][..heads.width].iter().enumerate() {
                tile[d * WIDTH + t % WIDTH] = v;
            }
        }
        let block = BLOCK.min(rows) * rows.next_multiple_of(WIDTH);
        Self {
            heads,
            cache,
            value_tiles,
            keys,
            queries: vec![0.0; rows * padded],
            d_out: vec![0.0; rows * padded],
            d_queries: vec![0.0; rows * padded],
            d_keys: vec![0.0; rows * padded],
            d_values: vec![0.0; rows * padded],
            log_sums: vec![0.0; rows],
            projected: vec![0.0; rows],
            weights: vec![0.0; block],
            d_scores: vec![0.0; block],
        }
    }

    fn load_head(&mut self, head: usize, qkv: &[f32], out: &[f32], d_out: &[f32], log_sums: &[f32]) {
        let (heads, padded) = (self.heads, self.heads.vectors() * WIDTH);
        let column = head * heads.width;
        for t in 0..self.log_sums.len() {
            let d_row = &d_out[t * heads.out() + column..][..heads.width];
            let row = &out[t * heads.out() + column..][..heads.width];
            self.queries[t * padded..][..heads.width]
                .copy_from_slice(&qkv[t * heads.qkv() + column..][..heads.width]);
            self.d_out[t * padded..][..heads.width].copy_from_slice(d_row);
            self.log_sums[t] = log_sums[t * heads.heads + head];
            // SAFETY: plain Rust needs nothing; one order of this sum on every instruction set.
            self.projected[t] = unsafe { dot::<crate::lanes::Portable>(d_row, row) };
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
    let (width, vectors, scale) = (s.heads.width, s.heads.vectors(), s.heads.scale());
    let padded = vectors * WIDTH;
    let rows = s.log_sums.len();
    for start in (0..rows).step_by(BLOCK) {
        let last = (start + BLOCK).min(rows);
        let n = last - start;
        let stride = last.next_multiple_of(WIDTH);
        // SAFETY: all matrices have `rows` rows of whole vectors or tiles.
        unsafe {
            let queries = s.queries.as_ptr().add(start * padded);
            let d_out = s.d_out.as_ptr().add(start * padded);
            for tile in 0..last.div_ceil(WIDTH) {
                let keys = s.cache.keys.as_ptr().add(tile * width * WIDTH);
                let values = s.value_tiles.as_ptr().add(tile * width * WIDTH);
                let weights = s.weights.as_mut_ptr().add(tile * WIDTH);
                let d_scores = s.d_scores.as_mut_ptr().add(tile * WIDTH);
                small::<L>((n, width, 1), (queries, padded, 1), (keys, WIDTH), false, (weights, stride));
                small::<L>((n, width, 1), (d_out, padded, 1), (values, WIDTH), false, (d_scores, stride));
            }
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
                (n, last, vectors),
                (d_scores, stride, 1),
                (s.keys.as_ptr(), padded),
                false,
                (d_queries, padded),
            );
            let (d_values, d_keys) = (s.d_values.as_mut_ptr(), s.d_keys.as_mut_ptr());
            small::<L>((last, n, vectors), (weights, 1, stride), (d_out, padded), true, (d_values, padded));
            small::<L>((last, n, vectors), (d_scores, 1, stride), (queries, padded), true, (d_keys, padded));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{close, cpus, differences, numbers, weighted, wide};

    /// One sequence's outputs, and its rows' logs of sums of exponentials.
    fn naive(heads: Heads, qkv: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let rows: Vec<&[f64]> = qkv.chunks(heads.qkv()).collect();
        let (mut out, mut log_sums) = (Vec::new(), Vec::new());
        for t in 0..rows.len() {
            for head in 0..heads.heads {
                let kv = head / heads.group();
                let part = |row: usize, column: usize| &rows[row][column..column + heads.width];
                let query = part(t, head * heads.width);
                let score = |s| weighted(query, part(s, heads.key_column(kv))) / (heads.width as f64).sqrt();
                let weights: Vec<f64> = (0..=t).map(|s| score(s).exp()).collect();
                let sum: f64 = weights.iter().sum();
                log_sums.push(sum.ln());
                out.extend((0..heads.width).map(|i| {
                    (0..=t).map(|s| weights[s] / sum * part(s, heads.value_column(kv))[i]).sum::<f64>()
                }));
            }
        }
        (out, log_sums)
    }

    const SHAPES: [Heads; 4] = [
        Heads { heads: 3, kv_heads: 3, width: 5 },
        Heads { heads: 4, kv_heads: 2, width: 10 },
        Heads { heads: 1, kv_heads: 1, width: 33 },
        Heads { heads: 2, kv_heads: 1, width: 16 },
    ];

    /// Below, at and above a tile and a block.
    fn spans() -> Vec<Range<usize>> {
        let mut start = 0;
        let next = |length: usize| {
            start += length;
            start - length..start
        };
        [1, 17, 35, 16].map(next).to_vec()
    }

    #[test]
    fn attention_and_its_gradient_equal_the_naive_ones() {
        let tokens = spans().last().unwrap().end;
        for heads in SHAPES {
            let (qkv, d_out) = (numbers(tokens * heads.qkv(), 1), numbers(tokens * heads.out(), 2));
            let (mut want, mut want_sums, mut slope) = (vec![], vec![], vec![]);
            for span in spans() {
                let x = wide(&qkv[span.start * heads.qkv()..span.end * heads.qkv()]);
                let d = wide(&d_out[span.start * heads.out()..span.end * heads.out()]);
                let (out, sums) = naive(heads, &x);
                want.extend(out);
                want_sums.extend(sums);
                slope.extend(differences(&x, |x| weighted(&naive(heads, x).0, &d)));
            }
            for cpu in cpus() {
                let (mut out, mut sums) = (vec![f32::NAN; want.len()], vec![f32::NAN; want_sums.len()]);
                forward(&cpu, heads, &spans(), &qkv, &mut out, &mut sums);
                close(&cpu, "attention", &out, &want, 2e-6);
                close(&cpu, "log sums", &sums, &want_sums, 2e-6);
                let mut d_qkv = vec![f32::NAN; qkv.len()];
                backward(&cpu, heads, &spans(), &qkv, &out, &sums, &d_out, &mut d_qkv);
                close(&cpu, "gradient", &d_qkv, &slope, 1e-5);
            }
        }
    }

    #[test]
    fn a_cache_changes_no_bit() {
        let spans = spans();
        let tokens = spans.last().unwrap().end;
        for heads in SHAPES {
            let qkv = numbers(tokens * heads.qkv(), 1);
            for cpu in cpus() {
                let mut want = vec![f32::NAN; tokens * heads.out()];
                forward(&cpu, heads, &spans, &qkv, &mut want, &mut vec![f32::NAN; tokens * heads.heads]);
                for span in &spans {
                    let mut caches = vec![Cache::default(); heads.kv_heads];
                    let mut start = span.start;
                    // A prompt, then pieces of it, then single tokens.
                    while start < span.end {
                        let left = span.end - start;
                        let n = if left > 20 { left / 2 } else { left.min(3) };
                        let new = 0..n;
                        let rows = &qkv[start * heads.qkv()..(start + n) * heads.qkv()];
                        let mut got = vec![f32::NAN; n * heads.out()];
                        let span = core::slice::from_ref(&new);
                        forward_cached(&cpu, heads, span, rows, &mut [&mut caches], &mut got);
                        let want = &want[start * heads.out()..(start + n) * heads.out()];
                        assert!(got.iter().zip(want).all(|(g, w)| g.to_bits() == w.to_bits()), "{cpu:?}");
                        start += n;
                    }
                }
            }
        }
    }
}
