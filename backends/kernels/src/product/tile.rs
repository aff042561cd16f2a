//! A tile of outputs by as few calls of the inner loop as registers allow.

use super::factors::Step;
use super::micro::{Ahead, micro};
use super::shape::{From, Output, Start, Strided, TALL, WIDE};
use crate::lanes::{Lanes, WIDTH};

/// A tile of `rows` by `columns` outputs at (i, j): at most [`TALL`] by [`WIDE`].
#[derive(Clone, Copy)]
pub(super) struct Tile {
    pub(super) i: usize,
    pub(super) j: usize,
    pub(super) rows: usize,
    pub(super) columns: usize,
}

impl Tile {
    /// Computes the tile from `k` steps of the rows of `a` and of a packed panel.
    ///
    /// # Safety
    /// As [`Lanes`]; the left rows, the panel and the outputs exist.
    #[inline(always)]
    pub(super) unsafe fn multiply<L: Lanes, S: Step<L>>(
        self,
        k: usize,
        a: Strided,
        panel: *const f32,
        start: Start<'_>,
        c: Output,
        ahead: &mut Ahead,
    ) {
        let Self { i, j, rows, columns } = self;
        // SAFETY: as the caller's; an incomplete vector is worked on in a whole one's copy.
        unsafe {
            let (vectors, rest) = (columns / WIDTH, columns % WIDTH);
            if vectors > 0 {
                let output = Output { start: c.at(i, j), row: c.row };
                height::<L, S>(k, a, panel, rows, vectors, c.from(start, i, j), output, ahead);
            }
            if rest == 0 {
                return;
            }
            let (panel, j) = (panel.add(vectors * WIDTH), j + vectors * WIDTH);
            let mut whole = [0.0f32; TALL * WIDTH];
            let from = c.from(start, i, j);
            if !from.start.is_null() {
                for r in 0..rows {
                    let row = whole.as_mut_ptr().add(r * WIDTH);
                    core::ptr::copy_nonoverlapping(from.start.add(r * from.row), row, rest);
                }
            }
            let from = From { start: whole.as_ptr(), row: WIDTH };
            let output = Output { start: whole.as_mut_ptr(), row: WIDTH };
            height::<L, S>(k, a, panel, rows, 1, from, output, ahead);
            for r in 0..rows {
                core::ptr::copy_nonoverlapping(whole.as_ptr().add(r * WIDTH), c.at(i + r, j), rest);
            }
        }
    }
}

/// A tile of `rows` by `vectors` vectors of outputs, in as few calls of the inner loop as registers allow.
#[inline(always)]
unsafe fn height<L: Lanes, S: Step<L>>(
    k: usize,
    a: Strided,
    panel: *const f32,
    rows: usize,
    vectors: usize,
    from: From,
    c: Output,
    ahead: &mut Ahead,
) {
    // SAFETY: as the caller's.
    unsafe {
        let mut i = 0;
        while i < rows {
            let a = Strided { data: a.data.wrapping_add(i * a.line), ..a };
            macro_rules! rows_of {
                ($m:literal) => {{
                    let mut v = 0;
                    while v < vectors {
                        let b = Strided { data: panel.add(v * WIDTH), line: WIDTH, step: WIDE };
                        let c = Output { start: c.start.add(i * c.row + v * WIDTH), ..c };
                        let from = from.at(i, v * WIDTH);
                        let (ahead, lines) = ahead.take(k);
                        macro_rules! columns {
                            ($n:literal, $f:literal) => {{
                                micro::<L, S, $m, $n, $f>(k, a, b, from, c, ahead);
                                v += $n;
                            }};
                        }
                        // Constants of their own, so that what they rule out is not compiled.
                        if const { L::AT_ONCE == 4 } && vectors == 4 {
                            match lines {
                                0 => columns!(4, 0),
                                1 => columns!(4, 1),
                                2 => columns!(4, 2),
                                _ => columns!(4, 4),
                            }
                        } else if const { L::AT_ONCE == 1 && S::LEFT == 2 && $m == 1 } && vectors - v >= 4 {
                            // One row's sums would each wait for the last.
                            columns!(4, 1);
                        } else if lines == 0 {
                            columns!(1, 0);
                        } else {
                            columns!(1, 1);
                        }
                    }
                    i += $m;
                }};
            }
            match rows - i {
                6.. if const { L::ROWS >= 6 } => rows_of!(6),
                4.. if const { L::ROWS >= 4 } => rows_of!(4),
                3.. if const { L::ROWS == 3 } => rows_of!(3),
                2.. => rows_of!(2),
                _ => rows_of!(1),
            }
        }
    }
}
