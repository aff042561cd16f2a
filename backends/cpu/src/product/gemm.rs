//! General products: blocks that fit the caches, panels for the inner loop.

use super::micro::Ahead;
use super::pack;
use super::portable::portable;
use super::shape::{Matrix, Output, Shape, Start, Strided, TALL, WIDE, deep};
use super::small_m::split;
use super::tile::Tile;
use super::workspace::{with_left, with_right};
use crate::Cpu;
use crate::simd::{Isa, Lanes, WIDTH, kernel};
use crate::threads::{Parts, WEIGHT};
use core::ops::Range;

/// Rows of a task: as many of [`deep`] elements stay in the second cache beside a panel.
const ROWS: usize = 5 * TALL;
/// Columns that are packed at a time, at most.
const COLUMNS: usize = 2048;
/// Numbers of the right-hand matrix that are packed at a time, about: 8 MiB, for the third cache.
const PACKED: usize = 1 << 21;
/// Tasks for each thread, at least, where there are rows and columns for them: who is held up does fewer.
const TASKS: usize = 4;

/// `c = start + a·b`: `a` is `m` by `k`, `b` is `k` by `n`, `c` is `m` by `n`, row-major and whole.
pub(crate) fn gemm(cpu: &Cpu, shape: Shape, a: Matrix<'_>, b: Matrix<'_>, start: Start<'_>, c: &mut [f32]) {
    assert_eq!(c.len(), shape.m * shape.n);
    gemm_columns(cpu, shape, a, b, start, c, shape.n);
}

/// [`gemm`] to columns of a wider matrix, whose rows are `c_row` apart: `c` begins with the first of them.
pub(crate) fn gemm_columns(
    cpu: &Cpu,
    shape: Shape,
    a: Matrix<'_>,
    b: Matrix<'_>,
    start: Start<'_>,
    c: &mut [f32],
    c_row: usize,
) {
    let Shape { m, k, n } = shape;
    a.check(m, k);
    b.check(k, n);
    if cpu.isa() == Isa::Portable {
        return split(cpu, shape, start, c, c_row, &|rows, columns, start, c| {
            portable(k, rows, columns, a, b, start, c);
        });
    }
    start.check(n);
    Matrix::rows(c, c_row).check(m, n);
    assert!(n <= c_row);
    if m == 0 || n == 0 {
        return;
    }
    let output = Parts::new(c);
    let cost = shape.cost();
    let threads = cpu.pool().sharing(cost);
    let columns = COLUMNS.min(n.next_multiple_of(WIDE));
    let deep = deep(cpu.isa());
    let long = (PACKED / columns / deep).max(1) * deep;
    // Rows whose elements lie side by side are read where they are. AVX2 has too few registers for their addresses.
    let packs = a.column != 1 || cpu.isa() != Isa::Avx512;
    with_right(columns * long.min(k) + WIDTH, |right| {
        let right = Parts::new(right);
        for j0 in (0..n).step_by(columns) {
            let panels = columns.min(n - j0).div_ceil(WIDE);
            // An empty sum still has its start written.
            for p0 in (0..k.max(1)).step_by(long) {
                let part = Part {
                    start: if p0 == 0 { start } else { Start::Add },
                    p0,
                    k: long.min(k - p0),
                    j0,
                    n,
                    deep,
                    packs,
                };
                cpu.rows(panels, WIDE * part.k * WEIGHT.min(m), &|panels| {
                    let to = right.start();
                    kernel!(cpu.isa(), pack(part: Part<'_>, b: Matrix<'_>, panels: Range<usize>, to: *mut f32));
                });
                // Rows first: a task that has all columns packs its rows once for all of them.
                let (tall, wide) = tasks(m.div_ceil(ROWS), panels, TASKS * threads);
                cpu.pool().run(tall * wide, cost, &|task| {
                    let (row, column) = (task / wide * ROWS, task % wide);
                    let rows = row..m.min(row + ROWS);
                    let panels = column * panels / wide..(column + 1) * panels / wide;
                    let c = Output { start: output.start(), row: c_row };
                    let right = right.start().cast_const();
                    let room = if packs { ROWS * deep.min(k) + WIDTH } else { 0 };
                    with_left(room, |left| {
                        let left = left.as_mut_ptr();
                        kernel!(cpu.isa(), block(part: Part<'_>, rows: Range<usize>, panels: Range<usize>, a: Matrix<'_>, left: *mut f32, right: *const f32, c: Output));
                    });
                });
            }
        }
    });
}

/// Returns the numbers of blocks of rows and of columns that make tasks.
fn tasks(rows: usize, panels: usize, least: usize) -> (usize, usize) {
    (rows, least.div_ceil(rows).min(panels))
}

/// A part of the right-hand matrix: `k` elements from `p0` on of columns from `j0` on, of `n` in all.
#[derive(Clone, Copy)]
struct Part<'a> {
    start: Start<'a>,
    p0: usize,
    k: usize,
    j0: usize,
    n: usize,
    /// Elements of k at a time.
    deep: usize,
    /// True if the left-hand rows are packed too.
    packs: bool,
}

/// Packs panels of the right-hand matrix.
#[inline(always)]
unsafe fn pack<L: Lanes>(part: Part<'_>, b: Matrix<'_>, panels: Range<usize>, to: *mut f32) {
    let (first, end) = (part.j0 + panels.start * WIDE, part.n.min(part.j0 + panels.end * WIDE));
    let to = to.wrapping_add(panels.start * WIDE * part.k);
    // SAFETY: the matrix was checked, and there is room for its panels.
    unsafe {
        let columns = Strided { data: b.at(part.p0, first), line: b.column, step: b.row };
        pack::panels::<L>(to, WIDE, end - first, part.k, columns);
    }
}

/// A task's rows, times packed panels.
#[inline(always)]
unsafe fn block<L: Lanes>(
    part: Part<'_>,
    rows: Range<usize>,
    panels: Range<usize>,
    a: Matrix<'_>,
    left: *mut f32,
    right: *const f32,
    c: Output,
) {
    let Part { mut start, p0, k: long, j0, n, deep, .. } = part;
    // A constant where there is no choice, so that the inner loop is made for it alone.
    let packs = L::AT_ONCE == 1 || part.packs;
    for p in (0..long.max(1)).step_by(deep) {
        let k = deep.min(long - p);
        // SAFETY: both matrices were checked, there is room for their panels, and tiles are inside the output.
        unsafe {
            if packs {
                let lines = Strided { data: a.at(rows.start, p0 + p), line: a.row, step: a.column };
                pack::panels::<L>(left, TALL, rows.len(), k, lines);
            }
            for panel in panels.clone() {
                let j = j0 + panel * WIDE;
                let from = right.wrapping_add((panel * long + p) * WIDE);
                let ahead = &mut Ahead::of_next(from.wrapping_add(long * WIDE), k * WIDE);
                for i in (0..rows.len()).step_by(TALL) {
                    let next = if i + TALL < rows.len() { (i + TALL, j) } else { (0, j + WIDE) };
                    c.fetch::<L>(rows.start + next.0, next.1);
                    let row = rows.start + i;
                    let left = if packs {
                        Strided { data: left.wrapping_add(i * k).cast_const(), line: 1, step: TALL }
                    } else {
                        Strided { data: a.at(row, p0 + p), line: a.row, step: 1 }
                    };
                    let tile = Tile { i: row, j, rows: TALL.min(rows.len() - i), columns: WIDE.min(n - j) };
                    tile.multiply::<L>(k, left, from, start, c, ahead);
                }
            }
        }
        // Later elements of k go on from what is in memory.
        start = Start::Add;
    }
}
