//! General products: blocks that fit the caches, shared among threads.

use super::portable::portable;
use super::split::{cost, split};
use super::workspace::{with_left, with_right};
use super::{Matrix, Output, Shape, Start};
use crate::threads::{Parts, WEIGHT};
use crate::{Cpu, Isa};
use rlhf_kernels::product::{Factors, Part, TALL, WIDE, blocks, deep, pack_columns};

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
    let processor = cpu.processor();
    a.check(m, k);
    b.check(k, n);
    let factors = cpu.factors();
    if cpu.isa() == Isa::Portable && factors == Factors::F32 {
        return split(cpu, shape, start, c, c_row, &|rows, columns, c| {
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
    let cost = cost(shape);
    let threads = cpu.pool().sharing(cost);
    let columns = COLUMNS.min(n.next_multiple_of(WIDE));
    let deep = deep(cpu.isa());
    let long = (PACKED / columns / deep).max(1) * deep;
    with_right(columns * factors.words(long.min(k)), |right| {
        for column in (0..n).step_by(columns) {
            let end = n.min(column + columns);
            let panels = (end - column).div_ceil(WIDE);
            // An empty sum still has its start written.
            for first in (0..k.max(1)).step_by(long) {
                let elements = first..k.min(first + long);
                let start = if first == 0 { start } else { Start::Add };
                let part = Part { factors, start, first, k: elements.len(), column, columns: n };
                let panel = WIDE * factors.words(part.k);
                let to = Parts::new(&mut *right);
                cpu.rows(panels, WIDE * part.k * WEIGHT.min(m), &|panels| {
                    // SAFETY: ranges of panels are disjoint.
                    let to = unsafe { to.get(panels.start * panel..panels.end * panel) };
                    let columns = column + panels.start * WIDE..end.min(column + panels.end * WIDE);
                    pack_columns(processor, factors, b, elements.clone(), columns, to);
                });
                let right = &*right;
                // Rows first: a task that has all columns packs its rows once for all of them.
                let (tall, wide) = tasks(m.div_ceil(ROWS), panels, TASKS * threads);
                cpu.pool().run(tall * wide, cost, &|task| {
                    let (row, part_of_panels) = (task / wide * ROWS, task % wide);
                    let rows = row..m.min(row + ROWS);
                    let panels = part_of_panels * panels / wide..(part_of_panels + 1) * panels / wide;
                    let c = Output { start: output.start(), row: c_row };
                    with_left(part.workspace(processor, a, rows.len()), |left| {
                        // SAFETY: the output was looked at above, of which each task has its own part.
                        unsafe { blocks(processor, part, rows, panels, a, left, right, c) };
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
