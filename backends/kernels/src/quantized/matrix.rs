//! A matrix to write, whose columns can be given to several threads.

use super::error::{Error, check};
use core::marker::PhantomData;

/// A row-major matrix of outputs. Cut between columns, it is written by several threads at once.
#[derive(Debug)]
pub struct MatrixMut<'a> {
    start: *mut f32,
    rows: usize,
    columns: usize,
    stride: usize,
    lent: PhantomData<&'a mut [f32]>,
}

// SAFETY: it is the only one to reach its elements, as a `&mut [f32]` is.
unsafe impl Send for MatrixMut<'_> {}

impl<'a> MatrixMut<'a> {
    /// Creates one of `rows` times `columns` elements.
    ///
    /// # Errors
    /// [`Error::Size`] where there are more or fewer.
    pub fn new(data: &'a mut [f32], rows: usize, columns: usize) -> Result<Self, Error> {
        check("elements of the output", rows.saturating_mul(columns), data.len())?;
        // SAFETY: the elements are there, and are lent to this matrix alone.
        Ok(unsafe { Self::from_raw(data.as_mut_ptr(), rows, columns, columns) })
    }

    /// Creates one whose rows begin `stride` elements apart.
    ///
    /// # Errors
    /// [`Error::Size`] where rows overlap or the last does not end within `data`.
    pub fn strided(data: &'a mut [f32], rows: usize, columns: usize, stride: usize) -> Result<Self, Error> {
        if stride < columns {
            return Err(Error::Size { name: "stride of the output", want: columns, got: stride });
        }
        let want = match rows.checked_sub(1) {
            Some(before) => before.saturating_mul(stride).saturating_add(columns),
            None => 0,
        };
        if data.len() < want {
            return Err(Error::Size { name: "elements of the output", want, got: data.len() });
        }
        // SAFETY: the last row ends within the elements, which are lent to this matrix alone.
        Ok(unsafe { Self::from_raw(data.as_mut_ptr(), rows, columns, stride) })
    }

    /// Creates one from the place of its first element.
    ///
    /// # Safety
    /// Row `i` has its elements at `start + i·stride`, and nobody else reaches them while the matrix lives.
    pub unsafe fn from_raw(start: *mut f32, rows: usize, columns: usize, stride: usize) -> Self {
        Self { start, rows, columns, stride, lent: PhantomData }
    }

    /// Returns the number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Returns the number of columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// Cuts it in two before column `column`; the second has none where there are fewer.
    pub fn split_at_column(self, column: usize) -> (Self, Self) {
        let column = column.min(self.columns);
        // SAFETY: the two have no column in common, and this matrix is gone.
        unsafe {
            let right = Self::from_raw(
                self.start.wrapping_add(column),
                self.rows,
                self.columns - column,
                self.stride,
            );
            (Self { columns: column, ..self }, right)
        }
    }

    /// Returns the place of element (i, j), which need not exist.
    pub(crate) fn at(&mut self, i: usize, j: usize) -> *mut f32 {
        self.start.wrapping_add(i * self.stride + j)
    }
}
