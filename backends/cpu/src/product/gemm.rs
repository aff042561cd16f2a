//! General products: blocks that fit the caches, panels for the inner loop.

use super::pack::Panels;
use super::tile::{Output, TALL, tile};
use super::{Ahead, Matrix, Packed, pack};
use crate::Cpu;
use crate::lanes::{Isa, Lanes, WIDTH, kernel};
use crate::threads::Parts;

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

/// Columns of a packed panel: four vectors, of which AVX-512's registers hold six rows of sums. More rows and
/// fewer vectors load more for each multiplication.
pub(super) const WIDE: usize = 4 * WIDTH;
/// Elements of k that are worked through at a time.
const DEEP: usize = 384;
/// Elements of k that few rows work through at a time: their panel stays in the first cache.
const SHALLOW: usize = 128;
/// Elements of k that are packed at a time.
const LONG: usize = 2048;
/// Tiles of rows that are packed at a time: their outputs stay in the second cache while k goes on.
const TILES: usize = 5;
/// Columns that are packed at a time: with `LONG` of them 4 MiB.
const BLOCK_COLUMNS: usize = 512;
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
            with_room(|room| {
                kernel!(isa, block(k: usize, i0: usize, m1: usize, j0: usize, n1: usize, a: Matrix<'_>, b: Matrix<'_>, start: Start<'_>, c: Output, room: &mut Room));
            });
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

/// What a thread packs into.
#[derive(Default)]
struct Room {
    left: Panels,
    right: Panels,
}

/// Lends the calling thread's room, which it keeps.
#[cfg(feature = "std")]
fn with_room(f: impl FnOnce(&mut Room)) {
    std::thread_local! {
        static ROOM: core::cell::RefCell<Room> = core::cell::RefCell::default();
    }
    ROOM.with(|room| match room.try_borrow_mut() {
        Ok(mut room) => f(&mut room),
        Err(_) => f(&mut Room::default()),
    });
}

#[cfg(not(feature = "std"))]
fn with_room(f: impl FnOnce(&mut Room)) {
    f(&mut Room::default());
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
    room: &mut Room,
) {
    let rows = TILES * TALL;
    let left = room.left.room(rows * DEEP.min(k) + WIDTH);
    let right = room.right.room(BLOCK_COLUMNS.min(n1 - j0).next_multiple_of(WIDE) * LONG.min(k) + WIDTH);
    for jb in (j0..n1).step_by(BLOCK_COLUMNS) {
        let nb = BLOCK_COLUMNS.min(n1 - jb);
        // An empty sum still has its start written.
        for long in (0..k.max(1)).step_by(LONG) {
            let end = k.min(long + LONG);
            // SAFETY: both matrices were checked, there is room for their panels, and tiles are inside the output.
            unsafe {
                pack::panels::<L>(right, WIDE, (nb, end - long), (b.at(long, jb), b.column, b.row));
                let nothing = &mut Ahead::nothing();
                for ib in (i0..m1).step_by(rows) {
                    let mb = rows.min(m1 - ib);
                    for p0 in (long..end.max(long + 1)).step_by(DEEP) {
                        let kb = DEEP.min(end - p0);
                        pack::panels::<L>(left, TALL, (mb, kb), (a.at(ib, p0), a.row, a.column));
                        // Later elements of k go on from what is in memory.
                        let start = if p0 == 0 { start } else { Start::Add };
                        for j in (0..nb).step_by(WIDE) {
                            let panel = right.wrapping_add(j * (end - long) + (p0 - long) * WIDE);
                            for i in (0..mb).step_by(TALL) {
                                let size = (TALL.min(mb - i), WIDE.min(nb - j));
                                let from = (left.wrapping_add(i * kb).cast_const(), 1, TALL);
                                tile::<L>(kb, from, panel, size, start, c, (ib + i, jb + j), nothing);
                            }
                        }
                    }
                }
            }
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
        // A part of the panel that the first rows read from memory is in the first cache for the others.
        for p0 in (0..b.k.max(1)).step_by(SHALLOW) {
            let kb = SHALLOW.min(b.k - p0);
            let start = if p0 == 0 { start } else { Start::Add };
            // Parts follow one another in memory: the next one is asked for meanwhile.
            let part = panel.wrapping_add(p0 * WIDE);
            let calls = (m1 - i0).div_ceil(6) * (4 / L::AT_ONCE);
            let mut ahead = Ahead::of(part, kb * WIDE, calls);
            for i in (i0..m1).step_by(TALL) {
                let size = (TALL.min(m1 - i), WIDE.min(n1 - j));
                let left = (a.at(i, p0), a.row, a.column);
                // SAFETY: the rows were checked, the panel is whole, the tile is inside the output.
                unsafe { tile::<L>(kb, left, part, size, start, c, (i, j), &mut ahead) }
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
    use alloc::{vec, vec::Vec};

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
                        gemm_packed(&cpu, m, left, &Packed::new(&cpu, right, k, n), start, &mut c);
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
