//! General products: blocks that fit the caches, panels for the inner loop.

use super::factors::{Factors, Step};
use super::micro::Ahead;
use super::pack;
use super::shape::{Matrix, Output, Start, Strided, TALL, WIDE, deep};
use super::tile::Tile;
use crate::dispatch::factors_kernel;
use crate::isa::{Isa, Processor};
use crate::lanes::{Lanes, WIDTH};
use core::ops::Range;

/// A part of a product whose right-hand matrix was packed: `k` elements from `first` on, of columns from `column` on.
#[derive(Clone, Copy)]
pub struct Part<'a> {
    /// What was packed.
    pub factors: Factors,
    /// The start of the outputs.
    pub start: Start<'a>,
    /// The part's first element of k.
    pub first: usize,
    /// The number of its elements.
    pub k: usize,
    /// The first of the packed columns.
    pub column: usize,
    /// The columns of the whole product.
    pub columns: usize,
}

impl Part<'_> {
    /// Returns the numbers of workspace that [`blocks`] wants for so many rows of `a`.
    pub fn workspace(&self, processor: Processor, a: Matrix<'_>, rows: usize) -> usize {
        if packs(processor, self.factors, a) {
            workspace(processor.isa(), self.factors, rows, self.k)
        } else {
            0
        }
    }
}

/// The numbers of `rows` left-hand rows in panels, and a vector beyond.
pub(super) const fn workspace(isa: Isa, factors: Factors, rows: usize, k: usize) -> usize {
    let deep = deep(isa);
    rows.next_multiple_of(TALL) * factors.padded(if k < deep { k } else { deep }) + WIDTH
}

/// Rows whose elements lie side by side are read where they are. AVX2 has too few registers for their addresses.
fn packs(processor: Processor, factors: Factors, a: Matrix<'_>) -> bool {
    factors != Factors::F32 || a.strides().1 != 1 || processor.isa() != Isa::Avx512
}

/// Computes `rows` by `panels` of a product: panel `i` has the columns from `part.column + i · WIDE` on. `right` begins
/// with the first of all panels, as [`pack_columns`](super::pack_columns) made them.
///
/// # Safety
/// Those rows and columns of `c` exist, and nobody else reads or writes them meanwhile.
///
/// # Panics
/// If `a` has no such rows, or `right` no such panels, or `workspace` is smaller than [`Part::workspace`] says.
pub unsafe fn blocks(
    processor: Processor,
    part: Part<'_>,
    rows: Range<usize>,
    panels: Range<usize>,
    a: Matrix<'_>,
    workspace: &mut [f32],
    right: &[f32],
    c: Output,
) {
    a.check(rows.end, part.first + part.k);
    part.start.check(part.columns);
    assert!(right.len() >= panels.end * WIDE * part.factors.words(part.k));
    assert!(workspace.len() >= part.workspace(processor, a, rows.len()));
    let (packs, deep) = (packs(processor, part.factors, a), deep(processor.isa()));
    factors_kernel!(processor, part.factors, block(part: Part<'_>, packs: bool, deep: usize, rows: Range<usize>, panels: Range<usize>, a: Matrix<'_>, workspace: &mut [f32], right: &[f32], c: Output));
}

#[inline(always)]
unsafe fn block<L: Lanes, S: Step<L>>(
    part: Part<'_>,
    packs: bool,
    deep: usize,
    rows: Range<usize>,
    panels: Range<usize>,
    a: Matrix<'_>,
    workspace: &mut [f32],
    right: &[f32],
    c: Output,
) {
    let Part { mut start, first, k: long, column, columns, .. } = part;
    let (line, step) = a.strides();
    // A constant where there is no choice, so that the inner loop is made for it alone.
    let packs = L::AT_ONCE == 1 || packs;
    let left = workspace.as_mut_ptr();
    for p in (0..long.max(1)).step_by(deep) {
        let k = deep.min(long - p);
        // SAFETY: both matrices were checked, there is room for their panels, and tiles are inside the output.
        unsafe {
            if packs {
                let lines = Strided { data: a.at(rows.start, first + p), line, step };
                pack::left_panels::<L, S>(left, rows.len(), k, lines);
            }
            for panel in panels.clone() {
                let j = column + panel * WIDE;
                let words = |k| S::FACTORS.words(k);
                let from = right.as_ptr().wrapping_add((panel * words(long) + words(p)) * WIDE);
                let ahead = &mut Ahead::of_next(from.wrapping_add(words(long) * WIDE), words(k) * WIDE);
                for i in (0..rows.len()).step_by(TALL) {
                    let next = if i + TALL < rows.len() { (i + TALL, j) } else { (0, j + WIDE) };
                    c.fetch::<L>(rows.start + next.0, next.1);
                    let row = rows.start + i;
                    let left = if packs {
                        Strided {
                            data: left.wrapping_add(i * S::FACTORS.padded(k)).cast_const(),
                            line: 1,
                            step: TALL,
                        }
                    } else {
                        Strided { data: a.at(row, first + p), line, step: 1 }
                    };
                    let tile =
                        Tile { i: row, j, rows: TALL.min(rows.len() - i), columns: WIDE.min(columns - j) };
                    tile.multiply::<L, S>(words(k), left, from, start, c, ahead);
                }
            }
        }
        // Later elements of k go on from what is in memory.
        start = Start::Add;
    }
}

#[cfg(test)]
mod tests {
    use super::super::factors::Paired;
    use super::super::pack::pack_columns;
    use super::*;
    use crate::dispatch::kernel;
    use crate::testing::{close, numbers, processors};
    use alloc::vec;
    use alloc::vec::Vec;

    #[inline(always)]
    unsafe fn paired<L: Lanes>(
        part: Part<'_>,
        rows: Range<usize>,
        a: Matrix<'_>,
        workspace: &mut [f32],
        right: &[f32],
        c: Output,
    ) {
        // SAFETY: as the caller's. So few elements at a time that there are several parts of k.
        unsafe { block::<L, Paired>(part, true, 16, rows, 0..1, a, workspace, right, c) }
    }

    /// The left-hand memory of processors with an instruction for pairs.
    #[test]
    fn left_hand_pairs_are_where_the_instruction_reads_them() {
        let n = 37;
        for (m, k) in [(1, 1), (12, 16), (13, 17), (30, 47), (25, 2)] {
            let (a, b) = (numbers(m * k, 1), numbers(k * n, 2));
            let round = |x: f32| half::bf16::from_f32(x).to_f64();
            let sum = |x| (0..k).map(|p| round(a[x / n * k + p]) * round(b[p * n + x % n])).sum();
            let want: Vec<f64> = (0..m * n).map(sum).collect();
            let transposed: Vec<f32> = (0..m * k).map(|x| a[x % m * k + x / m]).collect();
            for left in [Matrix::rows(&a, k), Matrix::rows(&transposed, m).transposed()] {
                for processor in processors() {
                    let mut panel = vec![f32::NAN; WIDE * Factors::Bf16.words(k)];
                    pack_columns(processor, Factors::Bf16, Matrix::rows(&b, n), 0..k, 0..n, &mut panel);
                    let part = Part {
                        factors: Factors::Bf16,
                        start: Start::Zero,
                        first: 0,
                        k,
                        column: 0,
                        columns: n,
                    };
                    let mut room = vec![f32::NAN; part.workspace(processor, left, m)];
                    let mut out = vec![f32::NAN; m * n];
                    let (room, panel) = (&mut room[..], &panel[..]);
                    let (rows, c) = (0..m, Output { start: out.as_mut_ptr(), row: n });
                    kernel!(processor, paired(part: Part<'_>, rows: Range<usize>, left: Matrix<'_>, room: &mut [f32], panel: &[f32], c: Output));
                    close(processor, "pairs", &out, &want, 1e-5);
                }
            }
        }
    }
}
