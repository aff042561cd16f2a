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

/// Attention of whole sequences, each from its start. `asked`: of each sequence the rows that look, all or
/// fewer; what the others would see is not written. `qkv`: `[tokens, qkv]`; `out`:
/// `[tokens, heads · width]`; `log_sums`: `[tokens, heads]`, the log of each row's sum of
/// exponentials, for [`backward`].
pub(crate) fn forward(
    cpu: &Cpu,
    heads: Heads,
    spans: &[Range<usize>],
    asked: &[Range<usize>],
    qkv: &[f32],
    out: &mut [f32],
    log_sums: &mut [f32],
) {
    let (all_out, all_sums) = (Parts::new(out), Parts::new(log_sums));
    cpu.ranges(spans.len() * heads.kv_heads, &|tasks| {
        let (mut cache, mut scratch) = (Cache::default(), Scratch::default());
        for task in tasks {
            let (i, kv) = (task / heads.kv_heads, task % heads.kv_heads);
            // Later keys are seen by nobody.
            let (start, end) = (spans[i].start, asked[i].end);
            let rows = &qkv[start * heads.qkv()..end * heads.qkv()];
            cache.len = 0;
            cache.push(heads, kv, rows);
            let looks = asked[i].start - start..end - start;
            scratch.attend(cpu, heads, kv, &cache, rows, looks, start, &all_out, Some(&all_sums));
        }
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
    cpu.ranges(spans.len(), &|sequences| {
        let mut scratch = Scratch::default();
        for i in sequences {
            // SAFETY: each sequence is its own.
            let caches = unsafe { &mut all_caches.get(i..i + 1)[0] };
            let rows = &qkv[spans[i].start * heads.qkv()..spans[i].end * heads.qkv()];
            for (kv, cache) in caches.iter_mut().enumerate() {
                cache.push(heads, kv, rows);
                let looks = 0..spans[i].len();
                scratch.attend(cpu, heads, kv, cache, rows, looks, spans[i].start, &all_out, None);
            }
        }
    });
}

/// What a block of queries is worked out in.
#[derive(Default)]
struct Scratch {
    scores: Vec<f32>,
    /// Outputs of heads that are no whole vectors wide.
    out: Vec<f32>,
}

impl Scratch {
    /// The query heads of key head `kv`, for those rows of `qkv` that look; all rows' keys are the last of
    /// `cache`. `first` is the first row's place in the outputs.
    fn attend(
        &mut self,
        cpu: &Cpu,
        heads: Heads,
        kv: usize,
        cache: &Cache,
        qkv: &[f32],
        looks: Range<usize>,
        first: usize,
        out: &Parts<'_, f32>,
        log_sums: Option<&Parts<'_, f32>>,
    ) {
        let rows = qkv.len() / heads.qkv();
        let padded = heads.vectors() * WIDTH;
        let whole = heads.width == padded;
        let (block, tail) = (BLOCK.min(looks.len()), cache.len.next_multiple_of(WIDTH));
        self.scores.resize(self.scores.len().max(block * tail), 0.0);
        self.out.resize(self.out.len().max(block * padded), 0.0);
        let mut sums = [0.0; BLOCK];
        for head in kv * heads.group()..(kv + 1) * heads.group() {
            for start in looks.clone().step_by(BLOCK) {
                let n = BLOCK.min(looks.end - start);
                let before = cache.len - rows + start;
                let queries = &qkv[start * heads.qkv() + head * heads.width..];
                let place = (first + start) * heads.out() + head * heads.width;
                let to = if whole {
                    (out.start().wrapping_add(place), heads.out())
                } else {
                    (self.out.as_mut_ptr(), padded)
                };
                let (scores, sums) = (&mut self.scores[..], &mut sums[..]);
                kernel!(cpu.isa(), attend_block(heads: Heads, cache: &Cache, queries: &[f32], before: usize, n: usize, scores: &mut [f32], sums: &mut [f32], to: (*mut f32, usize)));
                for (r, &log_sum) in sums[..n].iter().enumerate() {
                    // SAFETY: each task writes the columns of its own heads and rows.
                    unsafe {
                        if !whole {
                            let at = place + r * heads.out();
                            let row = &self.out[r * padded..][..heads.width];
                            out.get(at..at + heads.width).copy_from_slice(row);
                        }
                        if let Some(log_sums) = log_sums {
                            let at = (first + start + r) * heads.heads + head;
                            log_sums.get(at..at + 1)[0] = log_sum;
                        }
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
    out: (*mut f32, usize),
) {
    let (width, vectors, scale) = (heads.width, heads.vectors(), heads.scale);
    let last = before + n;
    let stride = last.next_multiple_of(WIDTH);
    // SAFETY: the cache holds `last` keys in whole tiles and values in whole rows; scores and outputs
    // are as large as `attend` made them.
    unsafe {
        small::<L>(
            (n, width, last.div_ceil(WIDTH)),
            (queries.as_ptr(), heads.qkv(), 1),
            (cache.keys.as_ptr(), WIDTH, width * WIDTH),
            false,
            (scores.as_mut_ptr(), stride),
        );
        for r in 0..n {
            let row = &mut scores[r * stride..(r + 1) * stride];
            let (sum, log_sum) = exponentials::<L>(row, before + r + 1, scale);
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
        small::<L>((n, last, vectors), (scores.as_ptr(), stride, 1), (values, padded, WIDTH), false, out);
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
    asked: &[Range<usize>],
    qkv: &[f32],
    out: &[f32],
    log_sums: &[f32],
    d_out: &[f32],
    d_qkv: &mut [f32],
) {
    let all = Parts::new(d_qkv);
    cpu.ranges(spans.len() * heads.kv_heads, &|tasks| {
        let mut s = Backward::default();
        for task in tasks {
            let (span, kv) = (spans[task / heads.kv_heads].clone(), task % heads.kv_heads);
            let qkv = &qkv[span.start * heads.qkv()..span.end * heads.qkv()];
            let out = &out[span.start * heads.out()..span.end * heads.out()];
            let d_out = &d_out[span.start * heads.out()..span.end * heads.out()];
            let log_sums = &log_sums[span.start * heads.heads..span.end * heads.heads];
            let looks = &asked[task / heads.kv_heads];
            s.load(heads, kv, qkv);
            s.looks = looks.start - span.start..looks.end - span.start;
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

/// What one sequence and key head need on the way back. Matrices have a row for each token, padded
/// to whole vectors.
#[derive(Default)]
struct Backward {
    heads: Heads,
    /// The rows that look.
    looks: Range<usize>,
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
        for t in self.looks.clone() {
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
    let (width, vectors, scale) = (s.heads.width, s.heads.vectors(), s.heads.scale);
    let padded = vectors * WIDTH;
    let looks = s.looks.clone();
    for start in looks.clone().step_by(BLOCK) {
        let last = (start + BLOCK).min(looks.end);
        let n = last - start;
        let stride = last.next_multiple_of(WIDTH);
        // SAFETY: all matrices have a row of whole vectors or tiles for each token, and rows that look are such.
        unsafe {
            let queries = s.queries.as_ptr().add(start * padded);
            let d_out = s.d_out.as_ptr().add(start * padded);
            let tiles = last.div_ceil(WIDTH);
            let (keys, values) = (s.cache.keys.as_ptr(), s.value_tiles.as_ptr());
            let (weights, d_scores) = (s.weights.as_mut_ptr(), s.d_scores.as_mut_ptr());
            let tile = width * WIDTH;
            small::<L>(
                (n, width, tiles),
                (queries, padded, 1),
                (keys, WIDTH, tile),
                false,
                (weights, stride),
            );
            small::<L>(
                (n, width, tiles),
                (d_out, padded, 1),
                (values, WIDTH, tile),
                false,
                (d_scores, stride),
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
                (n, last, vectors),
                (d_scores, stride, 1),
                (s.keys.as_ptr(), padded, WIDTH),
                false,
                (d_queries, padded),
            );
            let (d_values, d_keys) = (s.d_values.as_mut_ptr(), s.d_keys.as_mut_ptr());
            small::<L>(
                (last, n, vectors),
                (weights, 1, stride),
                (d_out, padded, WIDTH),
                true,
                (d_values, padded),
            );
            small::<L>(
                (last, n, vectors),
                (d_scores, 1, stride),
                (queries, padded, WIDTH),
                true,
                (d_keys, padded),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{close, cpus, differences, numbers, weighted, wide};
    use alloc::vec;

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

    fn shapes() -> [Heads; 4] {
        [Heads::new(3, 3, 5), Heads::new(4, 2, 10), Heads::new(1, 1, 33), Heads::new(2, 1, 16)]
    }

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
        for heads in shapes() {
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
                forward(&cpu, heads, &spans(), &spans(), &qkv, &mut out, &mut sums);
                close(&cpu, "attention", &out, &want, 2e-6);
                close(&cpu, "log sums", &sums, &want_sums, 2e-6);
                let mut d_qkv = vec![f32::NAN; qkv.len()];
                backward(&cpu, heads, &spans(), &spans(), &qkv, &out, &sums, &d_out, &mut d_qkv);
                close(&cpu, "gradient", &d_qkv, &slope, 1e-5);
            }
        }
    }

    /// Rows that look say what they say among all, and what the others would have said is left alone; the
    /// gradient is that of all rows where the others' is 0.
    #[test]
    fn rows_that_are_not_asked_change_nothing() {
        let asked = [0..1, 7..12, 18..18, 60..69];
        let tokens = spans().last().unwrap().end;
        let looks = |t: usize| asked.iter().any(|span| span.contains(&t));
        for heads in shapes() {
            let (qkv, width) = (numbers(tokens * heads.qkv(), 1), heads.out());
            let mut d_out = numbers(tokens * width, 2);
            for cpu in cpus() {
                let (mut want, mut got) = (vec![f32::NAN; tokens * width], vec![f32::NAN; tokens * width]);
                let mut sums = [(); 2].map(|()| vec![f32::NAN; tokens * heads.heads]);
                forward(&cpu, heads, &spans(), &spans(), &qkv, &mut want, &mut sums[0]);
                forward(&cpu, heads, &spans(), &asked, &qkv, &mut got, &mut sums[1]);
                for t in 0..tokens {
                    let (want, got) = (&want[t * width..][..width], &got[t * width..][..width]);
                    let same = if looks(t) { got == want } else { got.iter().all(|x| x.is_nan()) };
                    assert!(same, "{cpu:?}: row {t}");
                    if !looks(t) {
                        d_out[t * width..][..width].fill(0.0);
                    }
                }
                let mut slopes = [(); 2].map(|()| vec![f32::NAN; qkv.len()]);
                backward(&cpu, heads, &spans(), &spans(), &qkv, &want, &sums[0], &d_out, &mut slopes[0]);
                backward(&cpu, heads, &spans(), &asked, &qkv, &got, &sums[1], &d_out, &mut slopes[1]);
                assert_eq!(slopes[0], slopes[1], "{cpu:?}");
            }
        }
    }

    #[test]
    fn a_cache_changes_no_bit() {
        let spans = spans();
        let tokens = spans.last().unwrap().end;
        for heads in shapes() {
            let qkv = numbers(tokens * heads.qkv(), 1);
            for cpu in cpus() {
                let mut want = vec![f32::NAN; tokens * heads.out()];
                forward(
                    &cpu,
                    heads,
                    &spans,
                    &spans,
                    &qkv,
                    &mut want,
                    &mut vec![f32::NAN; tokens * heads.heads],
                );
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
