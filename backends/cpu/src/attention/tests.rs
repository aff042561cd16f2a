//! Attention beside the naive one, its gradient beside differences.

use super::*;
use crate::testing::{close, cpus, differences, numbers, weighted, wide};
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

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

/// Rows with a query have the output that they have among all, and the others' outputs are left alone; the gradient is
/// that of all rows where the others' is 0.
#[test]
fn rows_without_queries_change_nothing() {
    let outputs = [0..1, 7..12, 18..18, 60..69];
    let tokens = spans().last().unwrap().end;
    let looks = |t: usize| outputs.iter().any(|span| span.contains(&t));
    for heads in shapes() {
        let (qkv, width) = (numbers(tokens * heads.qkv(), 1), heads.out());
        let mut d_out = numbers(tokens * width, 2);
        for cpu in cpus() {
            let (mut want, mut got) = (vec![f32::NAN; tokens * width], vec![f32::NAN; tokens * width]);
            let mut sums = [(); 2].map(|()| vec![f32::NAN; tokens * heads.heads]);
            forward(&cpu, heads, &spans(), &spans(), &qkv, &mut want, &mut sums[0]);
            forward(&cpu, heads, &spans(), &outputs, &qkv, &mut got, &mut sums[1]);
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
            backward(&cpu, heads, &spans(), &outputs, &qkv, &got, &sums[1], &d_out, &mut slopes[1]);
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
            forward(&cpu, heads, &spans, &spans, &qkv, &mut want, &mut vec![f32::NAN; tokens * heads.heads]);
            for span in &spans {
                let mut caches = vec![Cache::default(); heads.kv_heads];
                let mut start = span.start;
                // A prompt, then pieces of it, then single tokens.
                while start < span.end {
                    let left = span.end - start;
                    let n = if left > 20 { left / 2 } else { left.min(if left > 9 { 3 } else { 1 }) };
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
