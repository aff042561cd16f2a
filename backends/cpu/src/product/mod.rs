//! Matrix products whose every output element is one accumulation over k in rising order, whatever
//! the shape, the blocking or the number of threads.

mod few;
mod gemm;
mod micro;
mod pack;
mod portable;
mod room;
mod tile;

pub(crate) use few::gemm_packed;
pub(crate) use gemm::{Start, gemm, gemm_columns};
pub(crate) use micro::small;
use micro::{Ahead, From, micro};
pub(crate) use pack::Packed;

/// A matrix to read: element (i, j) is `data[i·row + j·column]`.
#[derive(Clone, Copy)]
pub(crate) struct Matrix<'a> {
    data: &'a [f32],
    row: usize,
    column: usize,
}

impl<'a> Matrix<'a> {
    /// Row-major, `columns` wide.
    pub(crate) fn rows(data: &'a [f32], columns: usize) -> Self {
        Self { data, row: columns, column: 1 }
    }

    /// Rows and columns exchanged.
    pub(crate) fn transposed(self) -> Self {
        Self { row: self.column, column: self.row, ..self }
    }

    fn at(self, i: usize, j: usize) -> *const f32 {
        self.data.as_ptr().wrapping_add(i * self.row + j * self.column)
    }

    /// Checks that `rows` by `columns` elements exist.
    fn check(self, rows: usize, columns: usize) {
        if rows > 0 && columns > 0 {
            assert!((rows - 1) * self.row + (columns - 1) * self.column < self.data.len());
        }
    }
}

#[cfg(test)]
mod tests;
