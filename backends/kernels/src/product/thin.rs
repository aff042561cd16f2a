//! Products with few rows, whose right-hand matrix was packed before.

use super::factors::{Factors, Step};
use super::micro::Ahead;
use super::shape::{Matrix, Output, Start, Strided, TALL, WIDE, deep};
use super::tile::Tile;
use crate::dispatch::factors_kernel;
use crate::isa::{Isa, Processor};
use crate::lanes::Lanes;
use core::ops::Range;

/// Elements of k that a panel's vectors go through one after the other, where registers hold one at a time: what the
/// first has read is in the first cache for the others.
const SHALLOW: usize = 128;

/// Computes `rows` by `columns` of `start + a·b`, where `panels` are the `k` by n matrix `b` as
/// [`pack_columns`](super::pack_columns) packed it. The left-hand rows are read where they are; those of
/// [`Factors::Bf16`] are what [`round_rows`](super::round_rows) made. `columns` begin with a panel.
///
/// # Safety
/// Those rows and columns of `c` exist, and nobody else reads or writes them meanwhile.
///
/// # Panics
/// If `a` has no such rows, or `panels` no such columns, or `start` is a row that ends before them.
pub unsafe fn thin(
    processor: Processor,
    factors: Factors,
    rows: Range<usize>,
    columns: Range<usize>,
    a: Matrix<'_>,
    panels: &[f32],
    k: usize,
    start: Start<'_>,
    c: Output,
) {
    a.check(rows.end, factors.padded(k));
    assert!(columns.start.is_multiple_of(WIDE));
    assert!(panels.len() >= columns.end.next_multiple_of(WIDE) * factors.words(k));
    if let Start::Row(row) = start {
        assert!(row.len() >= columns.end);
    }
    factors_kernel!(processor, factors, thin_block(rows: Range<usize>, columns: Range<usize>, a: Matrix<'_>, panels: &[f32], k: usize, start: Start<'_>, c: Output));
}

#[inline(always)]
unsafe fn thin_block<L: Lanes, S: Step<L>>(
    rows: Range<usize>,
    columns: Range<usize>,
    a: Matrix<'_>,
    panels: &[f32],
    k: usize,
    start: Start<'_>,
    c: Output,
) {
    let (line, step) = a.strides();
    let words = |k| S::FACTORS.words(k);
    for j in columns.clone().step_by(WIDE) {
        let panel = panels.as_ptr().wrapping_add(j * words(k));
        // A part of the panel that the first rows read from memory is in a cache for the others.
        let deep = if L::AT_ONCE == 1 { SHALLOW } else { deep(Isa::Avx512) };
        for p0 in (0..k.max(1)).step_by(deep) {
            let kb = deep.min(k - p0);
            let start = if p0 == 0 { start } else { Start::Add };
            // Parts follow one another in memory: the next one is asked for meanwhile.
            let part = panel.wrapping_add(words(p0) * WIDE);
            let mut ahead = Ahead::of::<L>(part, words(kb) * WIDE, rows.len());
            for i in rows.clone().step_by(TALL) {
                let tile = Tile { i, j, rows: TALL.min(rows.end - i), columns: WIDE.min(columns.end - j) };
                let left = Strided { data: a.at(i, words(p0) * S::LEFT), line, step };
                // SAFETY: the rows were checked, the panel is whole, the tile is inside the output.
                unsafe { tile.multiply::<L, S>(words(kb), left, part, start, c, &mut ahead) }
            }
        }
    }
}
