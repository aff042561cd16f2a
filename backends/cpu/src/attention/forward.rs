//! Attention forward: of whole sequences, and of rows that follow cached ones.

use super::token::Token;
use super::{Cache, Heads, cost, cost_of};
use crate::Cpu;
use crate::product::Output;
use crate::threads::{Parts, WEIGHT};
use alloc::vec::Vec;
use core::ops::Range;
use rlhf_kernels::WIDTH;
use rlhf_kernels::attention::{BLOCK, Sum, block};

/// Attention of whole sequences, each from its start. `outputs`: the rows of each sequence that have
/// a query, all or fewer; the others' outputs are not written. `qkv`: `[tokens, qkv]`; `out`:
/// `[tokens, heads · width]`; `log_sums`: `[tokens, heads]`, the log of each row's sum of
/// exponentials, for [`backward`].
pub(crate) fn forward(
    cpu: &Cpu,
    heads: Heads,
    spans: &[Range<usize>],
    outputs: &[Range<usize>],
    qkv: &[f32],
    out: &mut [f32],
    log_sums: &mut [f32],
) {
    let (all_out, all_sums) = (Parts::new(out), Parts::new(log_sums));
    cpu.ranges(spans.len() * heads.kv_heads, cost_of(heads, spans, outputs), &|tasks| {
        let (mut cache, mut scratch) = (Cache::default(), Scratch::default());
        for task in tasks {
            let (i, kv) = (task / heads.kv_heads, task % heads.kv_heads);
            // Later keys are seen by nobody.
            let (start, end) = (spans[i].start, outputs[i].end);
            let rows = &qkv[start * heads.qkv()..end * heads.qkv()];
            cache.clear();
            cache.push(heads, kv, rows);
            let query_rows = outputs[i].start - start..end - start;
            scratch.attend(cpu, heads, kv, &cache, rows, query_rows, start, &all_out, Some(&all_sums));
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
    // A single query waits for keys and values from memory.
    let cost_of_one = |(span, caches): (&Range<usize>, &&mut [Cache])| {
        let cached = caches.first().map_or(0, Cache::len);
        cost(heads, span.len().max(WEIGHT / 2), cached + span.len())
    };
    let cost = spans.iter().zip(caches.iter()).map(cost_of_one).sum();
    let all_out = Parts::new(out);
    let all_caches = Parts::new(caches);
    cpu.ranges(spans.len(), cost, &|sequences| {
        let (mut scratch, mut one) = (Scratch::default(), Token::default());
        for i in sequences {
            // SAFETY: each sequence is its own.
            let caches = unsafe { &mut all_caches.get(i..i + 1)[0] };
            let rows = &qkv[spans[i].start * heads.qkv()..spans[i].end * heads.qkv()];
            for (kv, cache) in caches.iter_mut().enumerate() {
                cache.push(heads, kv, rows);
            }
            if spans[i].len() == 1 {
                let at = spans[i].start * heads.out();
                // SAFETY: each sequence is its own.
                let out = unsafe { all_out.get(at..at + heads.out()) };
                one.attend(cpu, heads, caches, &rows[..heads.out()], out);
                continue;
            }
            for (kv, cache) in caches.iter().enumerate() {
                let query_rows = 0..spans[i].len();
                scratch.attend(cpu, heads, kv, cache, rows, query_rows, spans[i].start, &all_out, None);
            }
        }
    });
}

/// The buffers of a block of queries.
#[derive(Default)]
struct Scratch {
    scores: Vec<f32>,
    /// Outputs of heads that are no whole vectors wide.
    out: Vec<f32>,
}

impl Scratch {
    /// Attends with the query heads of key head `kv`, from `query_rows` of `qkv`; all rows' keys are the last of
    /// `cache`. `first` is the first row's place in the outputs.
    fn attend(
        &mut self,
        cpu: &Cpu,
        heads: Heads,
        kv: usize,
        cache: &Cache,
        qkv: &[f32],
        query_rows: Range<usize>,
        first: usize,
        out: &Parts<'_, f32>,
        log_sums: Option<&Parts<'_, f32>>,
    ) {
        let rows = qkv.len() / heads.qkv();
        let padded = heads.vectors() * WIDTH;
        let whole = heads.width == padded;
        let (most, tail) = (BLOCK.min(query_rows.len()), cache.len().next_multiple_of(WIDTH));
        self.scores.resize(self.scores.len().max(most * tail), 0.0);
        self.out.resize(self.out.len().max(most * padded), 0.0);
        let mut sums = [Sum::default(); BLOCK];
        for head in kv * heads.group()..(kv + 1) * heads.group() {
            for start in query_rows.clone().step_by(BLOCK) {
                let n = BLOCK.min(query_rows.end - start);
                let before = cache.len() - rows + start;
                let queries = &qkv[start * heads.qkv() + head * heads.width..];
                let place = (first + start) * heads.out() + head * heads.width;
                let to = if whole {
                    Output { start: out.start().wrapping_add(place), row: heads.out() }
                } else {
                    Output { start: self.out.as_mut_ptr(), row: padded }
                };
                let cache = cache.view(heads);
                // SAFETY: each task writes the columns of its own heads and rows, or its own buffer.
                unsafe {
                    block(cpu.processor(), heads, cache, queries, before, n, &mut self.scores, &mut sums, to);
                }
                for (r, sum) in sums[..n].iter().enumerate() {
                    // SAFETY: each task writes the columns of its own heads and rows.
                    unsafe {
                        if !whole {
                            let at = place + r * heads.out();
                            let row = &self.out[r * padded..][..heads.width];
                            out.get(at..at + heads.width).copy_from_slice(row);
                        }
                        if let Some(log_sums) = log_sums {
                            let at = (first + start + r) * heads.heads + head;
                            log_sums.get(at..at + 1)[0] = sum.log();
                        }
                    }
                }
            }
        }
    }
}
