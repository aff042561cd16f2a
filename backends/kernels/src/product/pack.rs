//! Copies of matrix parts in the order that the inner loop reads them.

use super::shape::{Matrix, Strided, WIDE};
use crate::dispatch::kernel;
use crate::isa::Processor;
use crate::lanes::{Lanes, WIDTH};
use crate::slices::{get, put};
use core::ops::Range;

/// The number of rows of memory that are prefetched ahead.
const AHEAD: usize = 8;

/// `count` lines of `k` elements, in panels of `tall` lines: element `p` of line `i` goes to
/// `to + i / tall · k·tall + p·tall + i % tall`. What an incomplete last panel lacks is not written, or not
/// with anything that counts.
///
/// Either lines or elements lie side by side: one of `lines.line` and `lines.step` is 1.
///
/// # Safety
/// As [`Lanes`]; all those elements exist, and `to` has room for whole panels and a vector beyond.
#[inline(always)]
pub(super) unsafe fn panels<L: Lanes>(to: *mut f32, tall: usize, count: usize, k: usize, lines: Strided) {
    let Strided { data: first, line, step } = lines;
    // SAFETY: the caller's promise. What is written beyond a panel's lines is the beginning of its next element's,
    // which comes later.
    unsafe {
        if line == 1 {
            // A row of memory holds one element of many lines: several panels at a time read it whole.
            let most = 2 * WIDE / tall * tall;
            for together in (0..count).step_by(most) {
                let end = (together + most).min(count);
                for p in 0..k {
                    // No processor foresees rows that are pages apart.
                    for i in (together..end).step_by(WIDTH) {
                        L::fetch(first.wrapping_add((p + AHEAD) * step + i));
                    }
                    for i in (together..end).step_by(tall) {
                        let (from, to) = (first.add(p * step + i), to.add(i * k + p * tall));
                        for j in (0..tall.min(end - i)).step_by(WIDTH) {
                            let v = get::<L>(from.add(j), count - i - j);
                            // Past the last element another panel begins.
                            if p + 1 < k { L::store(to.add(j), v) } else { put::<L>(to.add(j), tall - j, v) }
                        }
                    }
                }
            }
            return;
        }
        for i in (0..count).step_by(tall) {
            let to = to.add(i * k);
            for j in (i..count.min(i + tall)).step_by(WIDTH) {
                let lines = WIDTH.min(tall + i - j).min(count - j);
                let (from, to) = (first.add(j * line), to.add(j - i));
                let whole = if step == 1 && lines > 1 { k / WIDTH * WIDTH } else { 0 };
                for p in (0..whole).step_by(WIDTH) {
                    let mut rows = [L::splat(0.0); WIDTH];
                    for (i, row) in rows.iter_mut().enumerate() {
                        *row = L::load(from.add(i.min(lines - 1) * line + p));
                    }
                    for (i, column) in L::transpose(rows).into_iter().enumerate() {
                        L::store(to.add((p + i) * tall), column);
                    }
                }
                for p in whole..k {
                    for i in 0..lines {
                        *to.add(p * tall + i) = *from.add(i * line + p * step);
                    }
                }
            }
        }
    }
}

/// Packs a part of the right-hand matrix: `elements` of k of `columns`, in panels of [`WIDE`] columns. `to` is whole
/// panels: `columns.len().next_multiple_of(WIDE) · elements.len()`.
///
/// # Panics
/// If `b` has no such part, or `to` another length.
pub fn pack_columns(
    processor: Processor,
    b: Matrix<'_>,
    elements: Range<usize>,
    columns: Range<usize>,
    to: &mut [f32],
) {
    let (count, k) = (columns.len(), elements.len());
    b.check(elements.end, columns.end);
    assert_eq!(to.len(), count.next_multiple_of(WIDE) * k);
    let (line, step) = b.strides();
    let lines = Strided { data: b.at(elements.start, columns.start), line: step, step: line };
    kernel!(processor, wide_panels(to: &mut [f32], count: usize, k: usize, lines: Strided));
}

#[inline(always)]
unsafe fn wide_panels<L: Lanes>(to: &mut [f32], count: usize, k: usize, lines: Strided) {
    // SAFETY: `pack_columns` checked both. Panels are whole vectors wide, so that nothing is written beyond them.
    unsafe { panels::<L>(to.as_mut_ptr(), WIDE, count, k, lines) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{numbers, processors};
    use alloc::vec;

    /// Lines that lie in memory one after the other, or side by side.
    #[test]
    fn every_element_is_in_its_place() {
        #[inline(always)]
        unsafe fn pack<L: Lanes>(to: &mut [f32], tall: usize, count: usize, k: usize, lines: Strided) {
            // SAFETY: the test makes room; the caller has the lanes.
            unsafe { panels::<L>(to.as_mut_ptr(), tall, count, k, lines) }
        }
        for processor in processors() {
            for tall in [12, WIDE] {
                for size in [(1, 1), (5, 3), (12, 16), (13, 40), (64, 33), (300, 21)] {
                    let (count, k) = size;
                    let a = numbers(count * k, 1);
                    for (line, step) in [(k, 1), (1, count)] {
                        let mut packed = vec![f32::NAN; count.next_multiple_of(tall) * k + WIDTH];
                        let (to, lines) = (&mut packed[..], Strided { data: a.as_ptr(), line, step });
                        kernel!(processor, pack(to: &mut [f32], tall: usize, count: usize, k: usize, lines: Strided));
                        for i in 0..count {
                            for p in 0..k {
                                let got = packed[i / tall * k * tall + p * tall + i % tall];
                                assert_eq!(
                                    got,
                                    a[i * line + p * step],
                                    "{processor:?} {tall} {size:?} [{i}, {p}]"
                                );
                            }
                        }
                    }
                }
            }
        }
    }
}
