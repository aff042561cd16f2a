//! Products where there are no kernels of ours.

use super::{Matrix, Output, Start};

/// `matrixmultiply` for one part, where there is no kernel of ours. Its sums are blocked as it
/// likes: the bits contract does not hold here, the tolerance table does.
pub(super) fn portable(
    k: usize,
    rows: core::ops::Range<usize>,
    columns: core::ops::Range<usize>,
    a: Matrix<'_>,
    b: Matrix<'_>,
    start: Start<'_>,
    c: Output,
) {
    let (m, n) = (rows.len(), columns.len());
    let ((a_row, a_column), (b_row, b_column)) = (a.strides(), b.strides());
    if let Start::Row(row) = start {
        for i in rows.clone() {
            for j in columns.clone() {
                // SAFETY: inside this part of the output.
                unsafe { *c.at(i, j) = row[j] };
            }
        }
    }
    let beta = if matches!(start, Start::Zero) { 0.0 } else { 1.0 };
    // SAFETY: `gemm` checked both matrices; the output's part is this thread's.
    unsafe {
        matrixmultiply::sgemm(
            m,
            k,
            n,
            1.0,
            a.at(rows.start, 0),
            a_row as isize,
            a_column as isize,
            b.at(0, columns.start),
            b_row as isize,
            b_column as isize,
            beta,
            c.at(rows.start, columns.start),
            c.row as isize,
            1,
        );
    }
}
