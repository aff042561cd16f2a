//! A product on one thread, in memory that the caller owns.

use super::block::{self, Part, blocks};
use super::factors::Factors;
use super::pack::pack_columns;
use super::shape::{Matrix, Output, Shape, Start, TALL, WIDE};
use crate::isa::{Isa, Processor};

/// Rows that are packed at a time.
const ROWS: usize = 5 * TALL;
/// Columns that are packed at a time, at most.
const COLUMNS: usize = 8 * WIDE;

/// Returns the numbers of workspace that [`multiply`] wants.
pub const fn workspace(isa: Isa, factors: Factors, shape: Shape) -> usize {
    let rows = if shape.m < ROWS { shape.m } else { ROWS };
    right(factors, shape) + block::workspace(isa, factors, rows, shape.k)
}

/// The numbers of the packed columns.
const fn right(factors: Factors, shape: Shape) -> usize {
    let columns = shape.n.next_multiple_of(WIDE);
    factors.words(shape.k) * if columns < COLUMNS { columns } else { COLUMNS }
}

/// `c = start + a·b`: `a` is `m` by `k`, `b` is `k` by `n`, `c` is `m` by `n`, row-major and whole.
///
/// ```
/// use rlhf_kernels::product::{Factors::F32, Matrix, Shape, Start, multiply, workspace};
/// use rlhf_kernels::{Isa, Processor};
/// const SHAPE: Shape = Shape { m: 1, k: 2, n: 3 };
/// let mut room = [0.0; workspace(Isa::Portable, F32, SHAPE)];
/// let (a, b) = (Matrix::rows(&[1.0, 2.0], 2), Matrix::rows(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 3));
/// let mut c = [0.0; 3];
/// multiply(Processor::PORTABLE, F32, SHAPE, a, b, Start::Zero, &mut c, &mut room);
/// assert_eq!(c, [9.0, 12.0, 15.0]);
/// ```
///
/// # Panics
/// If a matrix has too few elements, or `room` fewer than [`workspace`] says.
pub fn multiply(
    processor: Processor,
    factors: Factors,
    shape: Shape,
    a: Matrix<'_>,
    b: Matrix<'_>,
    start: Start<'_>,
    c: &mut [f32],
    room: &mut [f32],
) {
    let Shape { m, k, n } = shape;
    assert_eq!(c.len(), m * n);
    let (right, left) = room.split_at_mut(right(factors, shape));
    let output = Output { start: c.as_mut_ptr(), row: n };
    for column in (0..n).step_by(COLUMNS) {
        let end = n.min(column + COLUMNS);
        let panels = (end - column).div_ceil(WIDE);
        pack_columns(
            processor,
            factors,
            b,
            0..k,
            column..end,
            &mut right[..panels * WIDE * factors.words(k)],
        );
        let part = Part { factors, start, first: 0, k, column, columns: n };
        for row in (0..m).step_by(ROWS) {
            // SAFETY: the output is `m` by `n`, and borrowed here alone.
            unsafe {
                blocks(processor, part, row..m.min(row + ROWS), 0..panels, a, left, right, output);
            }
        }
    }
}
