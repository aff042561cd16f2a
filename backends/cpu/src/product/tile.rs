//! A tile of outputs by as few calls of the inner loop as registers allow.

use super::micro::{Ahead, micro};
use super::shape::{From, Output, Start, TALL, WIDE};
use crate::simd::{Lanes, WIDTH};

/// A tile of at most [`TALL`] by [`WIDE`] outputs at (i, j).
///
/// # Safety
/// As [`Lanes`]; the left rows, the panel and the outputs exist.
#[inline(always)]
pub(super) unsafe fn tile<L: Lanes>(
    k: usize,
    a: Left,
    panel: *const f32,
    (rows, columns): (usize, usize),
    start: Start<'_>,
    c: Output,
    (i, j): (usize, usize),
    ahead: &mut Ahead,
) {
    // SAFETY: as the caller's; an incomplete vector is worked on in a whole one's copy.
    unsafe {
        let (vectors, rest) = (columns / WIDTH, columns % WIDTH);
        if vectors > 0 {
            height::<L>(k, a, panel, (rows, vectors), c.from(start, i, j), c.at(i, j), c.row, ahead);
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
        height::<L>(k, a, panel, (rows, 1), from, whole.as_mut_ptr(), WIDTH, ahead);
        for r in 0..rows {
            core::ptr::copy_nonoverlapping(whole.as_ptr().add(r * WIDTH), c.at(i + r, j), rest);
        }
    }
}

/// The first row of a left-hand matrix, and the distances between rows and between elements.
type Left = (*const f32, usize, usize);

/// A tile of `rows` by `vectors` vectors of outputs, in as few calls of the inner loop as registers allow.
#[inline(always)]
unsafe fn height<L: Lanes>(
    k: usize,
    (a, a_row, a_step): Left,
    panel: *const f32,
    (rows, vectors): (usize, usize),
    from: From,
    c: *mut f32,
    c_row: usize,
    ahead: &mut Ahead,
) {
    // SAFETY: as the caller's.
    unsafe {
        let mut i = 0;
        while i < rows {
            let a = a.wrapping_add(i * a_row);
            macro_rules! rows_of {
                ($m:literal) => {{
                    let mut v = 0;
                    while v < vectors {
                        let (b, c) = (panel.add(v * WIDTH), c.add(i * c_row + v * WIDTH));
                        let from = from.at(i, v * WIDTH);
                        let (ahead, lines) = ahead.take(k);
                        macro_rules! columns {
                            ($n:literal, $f:literal) => {{
                                let step = (WIDE, WIDTH);
                                micro::<L, $m, $n, $f>(k, a, a_row, a_step, b, step, from, c, c_row, ahead);
                                v += $n;
                            }};
                        }
                        match (L::AT_ONCE == 4 && vectors == 4, lines) {
                            (true, 0) => columns!(4, 0),
                            (true, 1) => columns!(4, 1),
                            (true, 2) => columns!(4, 2),
                            (true, _) => columns!(4, 4),
                            (false, 0) => columns!(1, 0),
                            (false, _) => columns!(1, 1),
                        }
                    }
                    i += $m;
                }};
            }
            match rows - i {
                6.. => rows_of!(6),
                4.. => rows_of!(4),
                2.. => rows_of!(2),
                _ => rows_of!(1),
            }
        }
    }
}
