//! Attention of a block of queries of one head.

use super::{BLOCK, Cache, Heads, Sum, softmax};
use crate::dispatch::kernel;
use crate::isa::Processor;
use crate::lanes::{Lanes, WIDTH};
use crate::product::{Output, Shape, Strided, small};

/// Attends with `n` queries of one head, at most [`BLOCK`], the first of which sees `before + 1` keys. `queries` begin
/// with the first of them, in rows of [`Heads::qkv`]. `scores`: `n` rows of as many keys as the last query sees, in
/// whole vectors. `out`'s rows are a head wide in whole vectors.
///
/// # Safety
/// `out` has `n` such rows, and nobody else reads or writes them meanwhile.
///
/// # Panics
/// If a slice is too short, or `cache` has fewer keys.
pub unsafe fn block(
    processor: Processor,
    heads: Heads,
    cache: Cache<'_>,
    queries: &[f32],
    before: usize,
    n: usize,
    scores: &mut [f32],
    sums: &mut [Sum],
    out: Output,
) {
    assert!(n > 0 && n <= BLOCK && sums.len() >= n && before + n <= cache.len());
    assert!(scores.len() >= n * (before + n).next_multiple_of(WIDTH));
    assert!(queries.len() >= (n - 1) * heads.qkv() + heads.width);
    kernel!(processor, block_of(heads: Heads, cache: Cache<'_>, queries: &[f32], before: usize, n: usize, scores: &mut [f32], sums: &mut [Sum], out: Output));
}

/// `n` queries of one head, the first of which sees `before + 1` keys.
#[inline(always)]
unsafe fn block_of<L: Lanes>(
    heads: Heads,
    cache: Cache<'_>,
    queries: &[f32],
    before: usize,
    n: usize,
    scores: &mut [f32],
    sums: &mut [Sum],
    out: Output,
) {
    let (width, vectors, scale) = (heads.width, heads.vectors(), heads.scale);
    let last = before + n;
    let stride = last.next_multiple_of(WIDTH);
    // SAFETY: the cache holds `last` keys in whole tiles and values in whole rows; scores and outputs
    // are as large as `block` says.
    unsafe {
        small::<L>(
            Shape { m: n, k: width, n: last.div_ceil(WIDTH) },
            Strided { data: queries.as_ptr(), line: heads.qkv(), step: 1 },
            Strided { data: cache.keys().as_ptr(), line: width * WIDTH, step: WIDTH },
            false,
            Output { start: scores.as_mut_ptr(), row: stride },
        );
        for r in 0..n {
            let row = &mut scores[r * stride..(r + 1) * stride];
            sums[r] = softmax::<L>(row, before + r + 1, scale);
        }
        let values = cache.values().as_ptr();
        let padded = vectors * WIDTH;
        small::<L>(
            Shape { m: n, k: last, n: vectors },
            Strided { data: scores.as_ptr(), line: stride, step: 1 },
            Strided { data: values, line: WIDTH, step: padded },
            false,
            out,
        );
    }
}
