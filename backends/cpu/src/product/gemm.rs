//! General products: blocks that fit the caches, panels for the inner loop.

use super::{From, Matrix, Packed, micro, pack};
use crate::Cpu;
use crate::lanes::{Isa, Lanes, WIDTH, kernel};
use crate::threads::Parts;
use alloc::vec::Vec;

/// Where outputs start.
#[derive(Clone, Copy)]
pub(crate) enum Start<'a> {
    /// At 0.
    Zero,
    /// At what they hold.
    Add,
    /// Every row at these numbers.
    Row(&'a [f32]),
}

/// Columns of a packed panel: two vectors.
pub(super) const WIDE: usize = 2 * WIDTH;
/// Rows of a packed panel that the most registers serve: 14·2 accumulators of AVX-512's 32.
const TALL: usize = 14;
/// Elements of k that are worked through at a time: a panel of that many is 32 KiB.
const DEEP: usize = 256;
/// Rows that are packed at a time: 112·256 floats are 112 KiB of the second cache.
const BLOCK_ROWS: usize = 8 * TALL;
/// Columns that are packed at a time.
const BLOCK_COLUMNS: usize = 2048;
/// Products below this many multiplications are not worth another thread's waking.
const WORTH_THREADS: usize = 100_000;

/// `c = start + a·b`: `a` is `m` by `k`, `b` is `k` by `n`, `c` is `m` by `n`, row-major and whole.
pub(crate) fn gemm(
    cpu: &Cpu,
    (m, k, n): (usize, usize, usize),
    a: Matrix<'_>,
    b: Matrix<'_>,
    start: Start<'_>,
    c: &mut [f32],
) {
    assert_eq!(c.len(), m * n);
    gemm_columns(cpu, (m, k, n), a, b, start, c, n);
}

/// [`gemm`] to columns of a wider matrix, whose rows are `c_row` apart: `c` begins with the first of them.
pub(crate) fn gemm_columns(
    cpu: &Cpu,
    (m, k, n): (usize, usize, usize),
    a: Matrix<'_>,
    b: Matrix<'_>,
    start: Start<'_>,
    c: &mut [f32],
    c_row: usize,
) {
    a.check(m, k);
    b.check(k, n);
    split(cpu, (m, k, n), start, c, c_row, &|rows, columns, start, c| match cpu.isa() {
        Isa::Portable => portable(k, rows, columns, a, b, start, c),
        isa => {
            let (i0, m1) = (rows.start, rows.end);
            let (j0, n1) = (columns.start, columns.end);
            kernel!(isa, block(k: usize, i0: usize, m1: usize, j0: usize, n1: usize, a: Matrix<'_>, b: Matrix<'_>, start: Start<'_>, c: Output));
        }
    });
}

/// [`gemm`] with a right-hand matrix that was packed before.
pub(crate) fn gemm_packed(cpu: &Cpu, m: usize, a: Matrix<'_>, b: &Packed, start: Start<'_>, c: &mut [f32]) {
    let (k, n) = (b.k, b.n);
    a.check(m, k);
    assert_eq!(c.len(), m * n);
    split(cpu, (m, k, n), start, c, n, &|rows, columns, start, c| {
        let (i0, m1) = (rows.start, rows.end);
        let (j0, n1) = (columns.start, columns.end);
        kernel!(cpu.isa(), thin(i0: usize, m1: usize, j0: usize, n1: usize, a: Matrix<'_>, b: &Packed, start: Start<'_>, c: Output));
    });
}

/// The whole output, to be written in disjoint parts.
#[derive(Clone, Copy)]
struct Output {
    start: *mut f32,
    row: usize,
}

impl Output {
    fn at(self, i: usize, j: usize) -> *mut f32 {
        self.start.wrapping_add(i * self.row + j)
    }

    /// Where the accumulators of the tile at (i, j) start.
    fn from(self, start: Start<'_>, i: usize, j: usize) -> From {
        match start {
            Start::Zero => From::ZERO,
            Start::Add => From { start: self.at(i, j), row: self.row },
            Start::Row(row) => From { start: row.as_ptr().wrapping_add(j), row: 0 },
        }
    }
}

type Block<'a> = dyn Fn(core::ops::Range<usize>, core::ops::Range<usize>, Start<'_>, Output) + Sync + 'a;

/// Gives each thread a range of the longer side of the output.
fn split(
    cpu: &Cpu,
    (m, k, n): (usize, usize, usize),
    start: Start<'_>,
    c: &mut [f32],
    c_row: usize,
    f: &Block<'_>,
) {
    assert!(n <= c_row);
    Matrix::rows(c, c_row).check(m, n);
    if let Start::Row(row) = start {
        assert_eq!(row.len(), n);
    }
    if m == 0 || n == 0 {
        return;
    }
    let all = Parts::new(c);
    let threads = cpu.pool().count();
    let parts = if m * k * n < WORTH_THREADS { 1 } else { threads };
    // Wider or taller? A split of columns keeps panels whole, one of rows keeps tiles whole.
    let (length, unit) = if n >= m { (n, WIDE) } else { (m, TALL) };
    let each = length.div_ceil(unit).div_ceil(parts) * unit;
    cpu.pool().run(parts, &|part| {
        let range = (part * each).min(length)..((part + 1) * each).min(length);
        if range.is_empty() {
            return;
        }
        // Parts write disjoint rows or columns through the pointer.
        let output = Output { start: all.start(), row: c_row };
        if n >= m { f(0..m, range, start, output) } else { f(range, 0..n, start, output) }
    });
}

/// One thread's rows and columns, through packed blocks.
#[inline(always)]
unsafe fn block<L: Lanes>(
    k: usize,
    i0: usize,
    m1: usize,
    j0: usize,
    n1: usize,
    a: Matrix<'_>,
    b: Matrix<'_>,
    start: Start<'_>,
    c: Output,
) {
    let (mut left, mut right) = (Vec::new(), Vec::new());
    for jb in (j0..n1).step_by(BLOCK_COLUMNS) {
        let nb = BLOCK_COLUMNS.min(n1 - jb);
        let mut start = start;
        // An empty sum still has its start written.
        for p0 in (0..k.max(1)).step_by(DEEP) {
            let kb = DEEP.min(k - p0);
            pack::columns::<WIDE>(&mut right, b, jb, nb, p0, kb);
            for ib in (i0..m1).step_by(BLOCK_ROWS) {
                let mb = BLOCK_ROWS.min(m1 - ib);
                // Rows that lie in memory as the inner loop reads them are left there, but for those that a
                // multiple of 4 KiB keeps apart: all would take the same few lines of the first cache.
                let in_place = a.column == 1 && !a.row.is_multiple_of(1024);
                if !in_place {
                    pack::rows::<TALL>(&mut left, a, ib, mb, p0, kb);
                }
                for j in (0..nb).step_by(WIDE) {
                    let panel = right.as_ptr().wrapping_add(j * kb);
                    for i in (0..mb).step_by(TALL) {
                        let (rows, columns) = (TALL.min(mb - i), WIDE.min(nb - j));
                        // SAFETY: the rows were checked or their panel is whole, as the other is; the
                        // tile is inside the output. Each layout has an inner loop of its own, compiled for
                        // its distances.
                        unsafe {
                            if in_place {
                                let from = a.at(ib + i, p0);
                                tile::<L>(kb, from, a.row, 1, panel, rows, columns, start, c, ib + i, jb + j);
                            } else {
                                let from = left.as_ptr().wrapping_add(i * kb);
                                tile::<L>(kb, from, 1, TALL, panel, rows, columns, start, c, ib + i, jb + j);
                            }
                        }
                    }
                }
            }
            // What is in memory is where the next elements of k continue.
            start = Start::Add;
        }
    }
}

/// One thread's rows and columns of a product with few rows: nothing is packed.
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
        for i in (i0..m1).step_by(TALL) {
            let (rows, columns) = (TALL.min(m1 - i), WIDE.min(n1 - j));
            // SAFETY: the rows were checked, the panel is whole, the tile is inside the output.
            unsafe { tile::<L>(b.k, a.at(i, 0), a.row, a.column, panel, rows, columns, start, c, i, j) }
        }
    }
}

/// A tile of at most [`TALL`] by [`WIDE`] outputs at (i, j).
#[inline(always)]
unsafe fn tile<L: Lanes>(
    k: usize,
    a: *const f32,
    a_row: usize,
    a_step: usize,
    panel: *const f32,
    rows: usize,
    columns: usize,
    start: Start<'_>,
    c: Output,
    i: usize,
    j: usize,
) {
    // SAFETY: as the caller's; an incomplete tile is worked on in a whole one's copy.
    unsafe {
        if columns == WIDE {
            let from = c.from(start, i, j);
            return height::<L>(k, a, a_row, a_step, panel, rows, from, c.at(i, j), c.row);
        }
        let mut whole = [0.0f32; TALL * WIDE];
        let from = c.from(start, i, j);
        if !from.start.is_null() {
            for r in 0..rows {
                core::ptr::copy_nonoverlapping(
                    from.start.add(r * from.row),
                    whole.as_mut_ptr().add(r * WIDE),
                    columns,
                );
            }
        }
        let from = From { start: whole.as_ptr(), row: WIDE };
        height::<L>(k, a, a_row, a_step, panel, rows, from, whole.as_mut_ptr(), WIDE);
        for r in 0..rows {
            core::ptr::copy_nonoverlapping(whole.as_ptr().add(r * WIDE), c.at(i + r, j), columns);
        }
    }
}

/// A tile of `rows` by [`WIDE`] outputs, in as few calls of the inner loop as registers allow.
#[inline(always)]
unsafe fn height<L: Lanes>(
    k: usize,
    a: *const f32,
    a_row: usize,
    a_step: usize,
    panel: *const f32,
    rows: usize,
    from: From,
    c: *mut f32,
    c_row: usize,
) {
    // SAFETY: as the caller's.
    unsafe {
        let mut i = 0;
        while i < rows {
            let a = a.wrapping_add(i * a_row);
            let from = From {
                start: if from.start.is_null() { from.start } else { from.start.add(i * from.row) },
                ..from
            };
            let c = c.add(i * c_row);
            macro_rules! rows_of {
                ($m:literal) => {{
                    for j in 0..2 / L::AT_ONCE {
                        let j = j * L::AT_ONCE * WIDTH;
                        let from = From {
                            start: if from.start.is_null() { from.start } else { from.start.add(j) },
                            ..from
                        };
                        if L::AT_ONCE == 2 {
                            micro::<L, $m, 2>(
                                k,
                                a,
                                a_row,
                                a_step,
                                panel.add(j),
                                (WIDE, WIDTH),
                                from,
                                c.add(j),
                                c_row,
                            );
                        } else {
                            micro::<L, $m, 1>(
                                k,
                                a,
                                a_row,
                                a_step,
                                panel.add(j),
                                (WIDE, WIDTH),
                                from,
                                c.add(j),
                                c_row,
                            );
                        }
                    }
                    i += $m;
                }};
            }
            match rows - i {
                14.. if L::AT_ONCE == 2 => rows_of!(14),
                8.. if L::AT_ONCE == 2 => rows_of!(8),
                6.. => rows_of!(6),
                4.. => rows_of!(4),
                2.. => rows_of!(2),
                _ => rows_of!(1),
            }
        }
    }
}

/// `matrixmultiply` for one part, where there is no kernel of ours. Its sums are blocked as it
/// likes: the bits contract does not hold here, the tolerance table does.
fn portable(
    k: usize,
    rows: core::ops::Range<usize>,
    columns: core::ops::Range<usize>,
    a: Matrix<'_>,
    b: Matrix<'_>,
    start: Start<'_>,
    c: Output,
) {
    let (m, n) = (rows.len(), columns.len());
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
            a.row as isize,
            a.column as isize,
            b.at(0, columns.start),
            b.row as isize,
            b.column as isize,
            beta,
            c.at(rows.start, columns.start),
            c.row as isize,
            1,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{cpus, numbers};
    use alloc::vec;

    /// Every shape class: below, at and above tiles and blocks, one row, one column, empty sums.
    const SHAPES: [(usize, usize, usize); 12] = [
        (1, 1, 1),
        (1, 300, 65),
        (3, 64, 192),
        (14, 256, 32),
        (15, 257, 33),
        (31, 512, 100),
        (113, 700, 64),
        (200, 40, 2100),
        (64, 1, 64),
        (5, 0, 7),
        (2049, 8, 3),
        (37, 64, 130),
    ];

    #[test]
    fn products_equal_the_sum_in_rising_order() {
        for cpu in cpus() {
            for (m, k, n) in SHAPES {
                let (a, b, c0, bias) =
                    (numbers(m * k, 1), numbers(k * n, 2), numbers(m * n, 3), numbers(n, 4));
                // The transposes, so that every layout is read.
                let at: Vec<f32> = (0..m * k).map(|x| a[(x % m) * k + x / m]).collect();
                let bt: Vec<f32> = (0..k * n).map(|x| b[(x % k) * n + x / k]).collect();
                for (start, from) in [(Start::Zero, 0), (Start::Add, 1), (Start::Row(&bias), 2)] {
                    let want: Vec<f32> = (0..m * n)
                        .map(|x| {
                            let (i, j) = (x / n, x % n);
                            let mut sum = [0.0, c0[x], bias[j]][from];
                            for p in 0..k {
                                sum = a[i * k + p].mul_add(b[p * n + j], sum);
                            }
                            sum
                        })
                        .collect();
                    let layouts = [
                        (Matrix::rows(&a, k), Matrix::rows(&b, n)),
                        (Matrix::rows(&at, m).transposed(), Matrix::rows(&b, n)),
                        (Matrix::rows(&a, k), Matrix::rows(&bt, k).transposed()),
                    ];
                    for (left, right) in layouts {
                        let mut c = if from == 1 { c0.clone() } else { vec![f32::NAN; m * n] };
                        gemm(&cpu, (m, k, n), left, right, start, &mut c);
                        same(&cpu, &c, &want, (m, k, n));
                        let mut c = if from == 1 { c0.clone() } else { vec![f32::NAN; m * n] };
                        gemm_packed(&cpu, m, left, &Packed::new(right, k, n), start, &mut c);
                        same(&cpu, &c, &want, (m, k, n));
                        // Columns of a wider matrix, whose others are left alone.
                        let wide = n + 3;
                        let mut c = vec![f32::NAN; m * wide];
                        for (wide, c0) in c.chunks_exact_mut(wide).zip(c0.chunks_exact(n)) {
                            wide[2..2 + n].copy_from_slice(c0);
                        }
                        gemm_columns(&cpu, (m, k, n), left, right, start, &mut c[2..], wide);
                        for (wide, want) in c.chunks_exact(wide).zip(want.chunks_exact(n)) {
                            same(&cpu, &wide[2..2 + n], want, (m, k, n));
                            assert!([wide[0], wide[1], wide[2 + n]].iter().all(|x| x.is_nan()));
                        }
                    }
                }
            }
        }
    }

    /// Bits where the kernels are ours, a tolerance where `matrixmultiply` or unfused lanes are used.
    fn same(cpu: &Cpu, got: &[f32], want: &[f32], shape: (usize, usize, usize)) {
        for (i, (g, w)) in got.iter().zip(want).enumerate() {
            let fits =
                if cpu.isa() == Isa::Portable { (g - w).abs() < 2e-4 } else { g.to_bits() == w.to_bits() };
            assert!(fits, "{} {shape:?} [{i}]: {g} {w}", cpu.isa().name());
        }
    }
}
