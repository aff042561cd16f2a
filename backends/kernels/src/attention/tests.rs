//! Attention beside the naive one, its gradient beside differences.

use super::*;
use crate::isa::Processor;
use crate::product::Output;
use crate::testing::{close, differences, numbers, processors, weighted, wide};
use alloc::{vec, vec::Vec};

/// A sequence's outputs, and its rows' logs of sums of exponentials.
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
const LENGTHS: [usize; 4] = [1, 16, 17, 35];

/// The keys and values of every key head.
fn cached(heads: Heads, qkv: &[f32]) -> Vec<(Vec<f32>, Vec<f32>)> {
    let tokens = qkv.len() / heads.qkv();
    let head = |kv| {
        let (mut keys, mut values) =
            (vec![0.0; keys_len(heads, tokens)], vec![0.0; values_len(heads, tokens)]);
        // In two pieces.
        let (first, second) = qkv.split_at(tokens / 2 * heads.qkv());
        push(heads, kv, first, &mut keys, &mut values, 0);
        push(heads, kv, second, &mut keys, &mut values, tokens / 2);
        (keys, values)
    };
    (0..heads.kv_heads).map(head).collect()
}

/// Outputs and logs of sums by blocks of queries.
fn by_blocks(processor: Processor, heads: Heads, qkv: &[f32]) -> (Vec<f32>, Vec<f32>) {
    let (tokens, padded) = (qkv.len() / heads.qkv(), heads.vectors() * WIDTH);
    let (mut out, mut log_sums) =
        (vec![f32::NAN; tokens * heads.out()], vec![f32::NAN; tokens * heads.heads]);
    let caches = cached(heads, qkv);
    for head in 0..heads.heads {
        let (keys, values) = &caches[head / heads.group()];
        for start in (0..tokens).step_by(BLOCK) {
            let n = BLOCK.min(tokens - start);
            let cache = Cache::new(heads, keys, values, tokens);
            let queries = &qkv[start * heads.qkv() + head * heads.width..];
            let mut scores = vec![f32::NAN; n * (start + n).next_multiple_of(WIDTH)];
            let (mut sums, mut rows) = ([Sum::default(); BLOCK], vec![f32::NAN; n * padded]);
            let output = Output { start: rows.as_mut_ptr(), row: padded };
            // SAFETY: there are `n` rows.
            unsafe {
                block(processor, heads, cache, queries, start, n, &mut scores, &mut sums, output);
            }
            for (i, (row, sum)) in rows.chunks(padded).zip(&sums).enumerate() {
                let t = start + i;
                out[t * heads.out() + head * heads.width..][..heads.width]
                    .copy_from_slice(&row[..heads.width]);
                log_sums[t * heads.heads + head] = sum.log();
            }
        }
    }
    (out, log_sums)
}

#[test]
fn blocks_of_queries_equal_the_naive_ones() {
    for (heads, tokens) in shapes().into_iter().flat_map(|heads| LENGTHS.map(|n| (heads, n))) {
        let qkv = numbers(tokens * heads.qkv(), 1);
        let (want, want_sums) = naive(heads, &wide(&qkv));
        for processor in processors() {
            let (out, sums) = by_blocks(processor, heads, &qkv);
            close(processor, "attention", &out, &want, 2e-6);
            close(processor, "log sums", &sums, &want_sums, 2e-6);
        }
    }
}

#[test]
fn one_token_has_the_bits_that_it_has_in_a_block() {
    for (heads, tokens) in shapes().into_iter().flat_map(|heads| LENGTHS.map(|n| (heads, n))) {
        let qkv = numbers(tokens * heads.qkv(), 1);
        for processor in processors() {
            let (want, _) = by_blocks(processor, heads, &qkv);
            let held = cached(heads, &qkv);
            let caches = |kv: usize| Cache::new(heads, &held[kv].0, &held[kv].1, tokens);
            let queries = &qkv[(tokens - 1) * heads.qkv()..][..heads.out()];
            let mut weights = vec![f32::NAN; heads.heads * tokens.next_multiple_of(WIDTH)];
            let mut room = vec![f32::NAN; heads.heads * heads.vectors() * WIDTH];
            let mut out = vec![f32::NAN; heads.out()];
            token(processor, heads, &caches, queries, &mut weights, &mut room, &mut out);
            assert_eq!(out, want[(tokens - 1) * heads.out()..], "{processor:?}");
        }
    }
}

/// A column of every row, padded to whole vectors.
fn rows(heads: Heads, from: &[f32], row: usize, column: usize) -> Vec<f32> {
    let padded = heads.vectors() * WIDTH;
    let mut rows = vec![0.0; from.len() / row * padded];
    for (to, from) in rows.chunks_mut(padded).zip(from.chunks(row)) {
        to[..heads.width].copy_from_slice(&from[column..][..heads.width]);
    }
    rows
}

#[test]
fn gradients_equal_differences() {
    for (heads, tokens) in shapes().into_iter().flat_map(|heads| LENGTHS.map(|n| (heads, n))) {
        let (qkv, d_out) = (numbers(tokens * heads.qkv(), 1), numbers(tokens * heads.out(), 2));
        let slope = differences(&wide(&qkv), |x| weighted(&naive(heads, x).0, &wide(&d_out)));
        let padded = heads.vectors() * WIDTH;
        for processor in processors() {
            let (out, log_sums) = by_blocks(processor, heads, &qkv);
            let mut d_qkv = vec![f32::NAN; qkv.len()];
            let mut put = |column: usize, from: &[f32]| {
                for (to, from) in d_qkv.chunks_mut(heads.qkv()).zip(from.chunks(padded)) {
                    to[column..][..heads.width].copy_from_slice(&from[..heads.width]);
                }
            };
            // Values in tiles, by a cache that takes them for keys.
            let values_first: Vec<f32> = qkv
                .chunks(heads.qkv())
                .flat_map(|row| {
                    let (queries, others) = row.split_at(heads.out());
                    let (keys, values) = others.split_at(heads.kv_heads * heads.width);
                    [queries, values, keys].concat()
                })
                .collect();
            for kv in 0..heads.kv_heads {
                let (mut d_keys, mut d_values) = (vec![0.0; tokens * padded], vec![0.0; tokens * padded]);
                for head in kv * heads.group()..(kv + 1) * heads.group() {
                    let column = head * heads.width;
                    let d_rows = rows(heads, &d_out, heads.out(), column);
                    let out_rows = rows(heads, &out, heads.out(), column);
                    let projected: Vec<f32> = (d_rows.chunks(padded).zip(out_rows.chunks(padded)))
                        .map(|(d, out)| weighted(&wide(d), &wide(out)) as f32)
                        .collect();
                    let sums: Vec<f32> = log_sums.iter().skip(head).step_by(heads.heads).copied().collect();
                    let mut d_queries = vec![0.0; tokens * padded];
                    let mut room = [(); 2].map(|()| vec![f32::NAN; BackwardHead::room(tokens)]);
                    let [weights, d_scores] = &mut room;
                    BackwardHead {
                        heads,
                        query_rows: 0..tokens,
                        key_tiles: &cached(heads, &qkv)[kv].0,
                        value_tiles: &cached(heads, &values_first)[kv].0,
                        keys: &rows(heads, &qkv, heads.qkv(), heads.key_column(kv)),
                        queries: &rows(heads, &qkv, heads.qkv(), column),
                        d_out: &d_rows,
                        log_sums: &sums,
                        projected: &projected,
                        d_queries: &mut d_queries,
                        d_keys: &mut d_keys,
                        d_values: &mut d_values,
                        weights,
                        d_scores,
                    }
                    .run(processor);
                    put(column, &d_queries);
                }
                put(heads.key_column(kv), &d_keys);
                put(heads.value_column(kv), &d_values);
            }
            close(processor, "gradient", &d_qkv, &slope, 1e-5);
        }
    }
}
