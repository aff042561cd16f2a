//! Parts of an output, one for each thread.

use super::{Matrix, Output, Shape, Start};
use crate::Cpu;
use crate::threads::{Parts, WEIGHT};
use core::ops::Range;
use rlhf_kernels::product::{TALL, WIDE};

/// The work of a product, in multiplications: few rows wait for the right-hand matrix.
pub(super) fn cost(shape: Shape) -> usize {
    shape.m.max(WEIGHT) * shape.k * shape.n
}

/// Computes some rows and columns of an output.
type Block<'a> = dyn Fn(Range<usize>, Range<usize>, Output) + Sync + 'a;

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
    let cost = cost(shape);
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
        if n >= m { f(0..m, range, output) } else { f(range, 0..n, output) }
    });
}
