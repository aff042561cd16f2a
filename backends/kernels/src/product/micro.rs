//! The one inner loop of every product: a small tile of outputs, each a single accumulation over k
//! in rising order.

use super::factors::{Single, Step};
use super::shape::{From, Output, Shape, Strided, WIDE};
use crate::lanes::{Lanes, WIDTH};

/// The memory that is prefetched meanwhile, a line of the caches at a time, while the processor multiplies.
#[derive(Clone, Copy)]
pub(super) struct Ahead {
    next: *const f32,
    /// Floats from `next` on.
    len: usize,
    /// Lines for each step of k: 0, 1, 2 or 4.
    lines: usize,
}

impl Ahead {
    /// The next panel's part of `len` floats, while many rows are multiplied with this one's.
    pub(super) fn of_next(next: *const f32, len: usize) -> Self {
        Self { next, len, lines: 1 }
    }

    /// Prefetches the next part, while `rows` rows are multiplied with a panel's part of `len` floats. Where that
    /// leaves no time for it, it prefetches what comes 32 steps later; what the processor foresees by itself is left to
    /// it.
    pub(super) fn of<L: Lanes>(part: *const f32, len: usize, rows: usize) -> Self {
        let (distance, lines) = match rows {
            _ if L::AT_ONCE == 1 => (len, 1),
            ..=6 => (32 * WIDE, 4),
            7..=11 => (0, 0),
            _ => (len, 2),
        };
        Self { next: part.wrapping_add(distance), len, lines }
    }

    /// Returns the place where `k` steps begin to prefetch, and the number of lines for each.
    #[inline(always)]
    pub(super) fn take(&mut self, k: usize) -> (*const f32, usize) {
        let from = self.next;
        if self.len == 0 {
            return (from, 0);
        }
        let floats = k * self.lines * WIDTH;
        self.next = from.wrapping_add(floats);
        self.len = self.len.saturating_sub(floats);
        (from, self.lines)
    }
}

/// `c[i, j] = from[i, j] + Σ_p a[i, p] · b[p, j]` for `M` rows and `16·N` columns.
///
/// ```text
/// acc = from
/// for p in 0..k: for i in 0..M: for j in 0..N: acc[i][j] = fma(a[i, p], b[p, j], acc[i][j])
/// c = acc
/// ```
/// `a`'s lines are rows, `b`'s are vectors of 16 columns, and p counts steps of `S`. Each step asks for `F` lines from `ahead` on, which need not
/// exist.
///
/// # Safety
/// As [`Lanes`]; all those places exist.
#[inline(always)]
pub(crate) unsafe fn micro<L: Lanes, S: Step<L>, const M: usize, const N: usize, const F: usize>(
    k: usize,
    a: Strided,
    b: Strided,
    from: From,
    c: Output,
    ahead: *const f32,
) {
    // SAFETY: as the caller's.
    unsafe {
        let mut acc = [[L::splat(0.0); N]; M];
        if !from.start.is_null() {
            for (i, row) in acc.iter_mut().enumerate() {
                for (j, v) in row.iter_mut().enumerate() {
                    *v = L::load(from.start.add(i * from.row + j * WIDTH));
                }
            }
        }
        let Strided { data: mut a, line: a_row, step: a_step } = a;
        let Strided { data: mut b, line: b_vector, step: b_step } = b;
        let mut ahead = ahead;
        macro_rules! multiply {
            ($p:literal) => {{
                for _ in 0..F {
                    if F == 4 {
                        L::fetch(ahead)
                    } else {
                        L::fetch_far(ahead)
                    }
                    ahead = ahead.wrapping_add(WIDTH);
                }
                let columns: [S::Columns; N] = core::array::from_fn(
                    #[inline(always)]
                    |j| {
                        let j = b_vector.wrapping_mul(j);
                        S::columns(b.wrapping_add(b_step.wrapping_mul($p)).wrapping_add(j))
                    },
                );
                for (i, row) in acc.iter_mut().enumerate() {
                    let at = a_step.wrapping_mul($p * S::LEFT);
                    let line = S::line(a.wrapping_add(a_row.wrapping_mul(i)).wrapping_add(at), a_step);
                    for (v, &columns) in row.iter_mut().zip(&columns) {
                        *v = S::multiply(line, columns, *v);
                    }
                }
            }};
        }
        let mut left = k;
        if M == 6 {
            // Four at a time: where a row's elements lie side by side, its address serves all four. Fewer rows
            // are the remainder of a matrix, and not worth the code.
            while left >= 4 {
                multiply!(0);
                multiply!(1);
                multiply!(2);
                multiply!(3);
                a = a.wrapping_add(a_step.wrapping_mul(4 * S::LEFT));
                b = b.wrapping_add(b_step.wrapping_mul(4));
                left -= 4;
            }
        }
        for _ in 0..left {
            multiply!(0);
            a = a.wrapping_add(a_step.wrapping_mul(S::LEFT));
            b = b.wrapping_add(b_step);
        }
        for (i, row) in acc.iter().enumerate() {
            for (j, &v) in row.iter().enumerate() {
                L::store(c.start.add(i * c.row + j * WIDTH), v);
            }
        }
    }
}

/// `c = a·b`, or `c + a·b` with `add`, for any number of rows and whole vectors of columns, where nothing is packed:
/// attention's products, whose sides are a head wide. `shape.n` counts vectors of 16 columns; the other arguments are
/// [`micro`]'s.
///
/// # Safety
/// As [`micro`].
#[inline(always)]
pub(crate) unsafe fn small<L: Lanes>(shape: Shape, a: Strided, b: Strided, add: bool, c: Output) {
    let Shape { m: rows, k, n: vectors } = shape;
    // SAFETY: as the caller's.
    unsafe {
        let mut i = 0;
        while i < rows {
            let a = Strided { data: a.data.wrapping_add(i * a.line), ..a };
            let c = Output { start: c.start.wrapping_add(i * c.row), ..c };
            // As many sums at once as hide that each waits for its last addition.
            macro_rules! rows_of {
                ($m:literal, $n:literal) => {{
                    let mut v = 0;
                    while v < vectors {
                        let b = Strided { data: b.data.wrapping_add(v * b.line), ..b };
                        let c = Output { start: c.start.wrapping_add(v * WIDTH), ..c };
                        let from = if add { From { start: c.start, row: c.row } } else { From::ZERO };
                        macro_rules! columns {
                            ($w:literal) => {{
                                micro::<L, Single, $m, $w, 0>(k, a, b, from, c, core::ptr::null());
                                v += $w;
                            }};
                        }
                        if vectors - v >= $n {
                            columns!($n);
                        } else if const { $n > 4 } && vectors - v >= 4 {
                            columns!(4);
                        } else if const { $n > 2 } && vectors - v >= 2 {
                            columns!(2);
                        } else {
                            columns!(1);
                        }
                    }
                    i += $m;
                }};
            }
            match rows - i {
                8.. if const { L::AT_ONCE == 4 } => rows_of!(8, 2),
                4.. if const { L::AT_ONCE == 4 } => rows_of!(4, 2),
                4.. if const { L::AT_ONCE == 1 && L::ROWS >= 4 } => rows_of!(4, 1),
                2.. if const { L::ROWS < 4 } => rows_of!(2, 1),
                2.. if const { L::ROWS >= 4 } => rows_of!(2, 2),
                _ if const { L::AT_ONCE == 4 } => rows_of!(1, 8),
                _ => rows_of!(1, 4),
            }
        }
    }
}
