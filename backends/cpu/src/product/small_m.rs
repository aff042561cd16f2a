//! Products with few rows, whose right-hand matrix was packed before.

use super::micro::Ahead;
use super::pack::Packed;
use super::shape::{Matrix, Output, Shape, Start, Strided, TALL, WIDE, deep};
use super::tile::Tile;
use crate::Cpu;
use crate::simd::{Isa, Lanes, kernel};
use crate::threads::Parts;

/// [`gemm`] with a right-hand matrix that was packed before.
pub(crate) fn gemm_packed(cpu: &Cpu, m: usize, a: Matrix<'_>, b: &Packed, start: Start<'_>, c: &mut [f32]) {
    let shape = Shape { m, k: b.k, n: b.n };
    a.check(m, b.k);
    assert_eq!(c.len(), m * b.n);
    split(cpu, shape, start, c, b.n, &|rows, columns, start, c| {
        let (i0, m1) = (rows.start, rows.end);
        let (j0, n1) = (columns.start, columns.end);
        kernel!(cpu.isa(), thin(i0: usize, m1: usize, j0: usize, n1: usize, a: Matrix<'_>, b: &Packed, start: Start<'_>, c: Output));
    });
}

/// Elements of k that a panel's vectors go through one after the other, where registers hold one at a time: what the
/// first has read is in the first cache for the others.
const SHALLOW: usize = 128;

type Block<'a> = dyn Fn(core::ops::Range<usize>, core::ops::Range<usize>, Start<'_>, Output) + Sync + 'a;

/// Gives each thread a range of the longer side of the output.
pub(super) fn split(cpu: &Cpu, shape: Shape, start: Start<'_>, c: &mut [f32], c_row: usize, f: &Block<'_>) {
    let Shape { m, n, .. } = shape;
    assert!(n <= c_row);
    Matrix::rows(c, c_row).check(m, n);
    start.check(n);
    if m == 0 || n == 0 {
        return;
    }
    let all = Parts::new(c);
    let cost = shape.cost();
    let parts = cpu.pool().sharing(cost);
    // Wider or taller? A split of columns keeps panels whole, one of rows keeps tiles whole.
    let (length, unit) = if n >= m { (n, WIDE) } else { (m, TALL) };
    let each = length.div_ceil(unit).div_ceil(parts) * unit;
    cpu.pool().run(parts, cost, &|part| {
        let range = (part * each).min(length)..((part + 1) * each).min(length);
        if range.is_empty() {
            return;
        }
        // Parts write disjoint rows or columns through the pointer.
        let output = Output { start: all.start(), row: c_row };
        if n >= m { f(0..m, range, start, output) } else { f(range, 0..n, start, output) }
    });
}

/// Computes one thread's rows and columns of a product with few rows, which are read where they are.
#[inline(always)]
unsafe fn thin<L: Lanes>(
    i0: usize,
    m1: usize,
    j0: usize,
    n1: usize,
    a: Matrix<'_>,
    b: &Packed,
    start: Start<'_>,
    c: Output,
) {
    for j in (j0..n1).step_by(WIDE) {
        let panel = b.panels.as_ptr().wrapping_add(j * b.k);
        // A part of the panel that the first rows read from memory is in a cache for the others.
        let deep = if L::AT_ONCE == 1 { SHALLOW } else { deep(Isa::Avx512) };
        for p0 in (0..b.k.max(1)).step_by(deep) {
            let kb = deep.min(b.k - p0);
            let start = if p0 == 0 { start } else { Start::Add };
            // Parts follow one another in memory: the next one is asked for meanwhile.
            let part = panel.wrapping_add(p0 * WIDE);
            let mut ahead = Ahead::of::<L>(part, kb * WIDE, m1 - i0);
            for i in (i0..m1).step_by(TALL) {
                let tile = Tile { i, j, rows: TALL.min(m1 - i), columns: WIDE.min(n1 - j) };
                let left = Strided { data: a.at(i, p0), line: a.row, step: a.column };
                // SAFETY: the rows were checked, the panel is whole, the tile is inside the output.
                unsafe { tile.multiply::<L>(kb, left, part, start, c, &mut ahead) }
            }
        }
    }
}
