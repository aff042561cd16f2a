//! The matrices of a product, and how they are cut into panels and tiles.

use crate::isa::Isa;
use crate::lanes::{Lanes, WIDTH};

/// Columns of a packed panel: four vectors, of which AVX-512's registers hold six rows of sums. More rows and
/// fewer vectors load more for each multiplication.
pub const WIDE: usize = 4 * WIDTH;
/// Elements of k that are worked through at a time. A panel of them, 256 KiB, stays in the second cache, and outputs
/// are seldom read again; where registers hold one vector of columns at a time, a panel is read four times.
/// WebAssembly's registers hold so few rows that a panel is read too often for the second cache: 24 KiB stay in the first.
pub const fn deep(isa: Isa) -> usize {
    match isa {
        Isa::Avx512 => 1024,
        Isa::RelaxedSimd | Isa::Simd128 => 96,
        _ => 384,
    }
}
/// Rows of a panel: two times as many as the inner loop has sums for, whatever the instruction set.
pub const TALL: usize = 12;

/// The sizes of a product: `m` by `k` times `k` by `n`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Rows of the left-hand matrix and of the output.
    pub m: usize,
    /// Elements of each sum.
    pub k: usize,
    /// Columns of the right-hand matrix and of the output.
    pub n: usize,
}

/// Numbers that are read in steps: element `p` of line `i` is at `data + i·line + p·step`. Lines are the rows of a
/// left-hand matrix, and the columns or whole vectors of columns of a right-hand one.
#[derive(Clone, Copy)]
pub(crate) struct Strided {
    pub(crate) data: *const f32,
    pub(crate) line: usize,
    pub(crate) step: usize,
}

/// A matrix to read: element (i, j) is `data[i·row + j·column]`.
#[derive(Clone, Copy)]
pub struct Matrix<'a> {
    data: &'a [f32],
    row: usize,
    column: usize,
}

impl<'a> Matrix<'a> {
    /// Creates a row-major matrix, `columns` wide.
    pub fn rows(data: &'a [f32], columns: usize) -> Self {
        Self { data, row: columns, column: 1 }
    }

    /// Returns it with rows and columns exchanged.
    pub fn transposed(self) -> Self {
        Self { row: self.column, column: self.row, ..self }
    }

    /// Returns the distance from one row to the next, and from one column to the next.
    pub fn strides(self) -> (usize, usize) {
        (self.row, self.column)
    }

    /// Returns the place of element (i, j), which need not exist.
    pub fn at(self, i: usize, j: usize) -> *const f32 {
        self.data.as_ptr().wrapping_add(i * self.row + j * self.column)
    }

    /// Checks that `rows` by `columns` elements exist.
    ///
    /// # Panics
    /// If they do not.
    pub fn check(self, rows: usize, columns: usize) {
        if rows > 0 && columns > 0 {
            assert!((rows - 1) * self.row + (columns - 1) * self.column < self.data.len());
        }
    }
}

/// The start of outputs.
#[derive(Clone, Copy)]
pub enum Start<'a> {
    /// Zero.
    Zero,
    /// The old outputs.
    Add,
    /// These numbers in every row.
    Row(&'a [f32]),
}

impl Start<'_> {
    /// Checks that a row's starts are `n`.
    ///
    /// # Panics
    /// If they are not.
    pub fn check(self, n: usize) {
        if let Start::Row(row) = self {
            assert_eq!(row.len(), n);
        }
    }
}

/// The start of a tile's accumulators.
#[derive(Clone, Copy)]
pub(super) struct From {
    /// The first row's start; null starts at 0.
    pub(super) start: *const f32,
    /// The distance from one row to the next; 0 starts every row at the same numbers (a bias).
    pub(super) row: usize,
}

impl From {
    pub(super) const ZERO: Self = Self { start: core::ptr::null(), row: 0 };

    /// Returns the start `rows` below and `columns` to the right.
    #[inline(always)]
    pub(super) fn at(self, rows: usize, columns: usize) -> Self {
        if self.start.is_null() {
            return self;
        }
        Self { start: self.start.wrapping_add(rows * self.row + columns), ..self }
    }
}

/// The whole output, to be written in disjoint parts.
#[derive(Clone, Copy)]
pub struct Output {
    /// The place of the first row's first element.
    pub start: *mut f32,
    /// The distance from one row to the next.
    pub row: usize,
}

impl Output {
    /// Returns the place of element (i, j), which need not exist.
    pub fn at(self, i: usize, j: usize) -> *mut f32 {
        self.start.wrapping_add(i * self.row + j)
    }

    /// Asks for the outputs of the tile at (i, j), which need not exist: a tile waits for where its sums start.
    #[inline(always)]
    pub(super) unsafe fn fetch<L: Lanes>(self, i: usize, j: usize) {
        for row in 0..TALL {
            for column in (0..WIDE).step_by(WIDTH) {
                // SAFETY: as the caller's.
                unsafe { L::fetch(self.at(i + row, j + column)) }
            }
        }
    }

    /// Returns the start of the accumulators of the tile at (i, j).
    pub(super) fn from(self, start: Start<'_>, i: usize, j: usize) -> From {
        match start {
            Start::Zero => From::ZERO,
            Start::Add => From { start: self.at(i, j), row: self.row },
            Start::Row(row) => From { start: row.as_ptr().wrapping_add(j), row: 0 },
        }
    }
}
