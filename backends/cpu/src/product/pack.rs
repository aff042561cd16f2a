//! Copies of matrix parts in the order that the inner loop reads them.

use super::shape::{Matrix, Strided, WIDE};
use crate::Cpu;
use crate::simd::{Lanes, WIDTH, kernel};
use crate::slices::{get, put};
use crate::threads::{Parts, WEIGHT};
use alloc::vec::Vec;

/// Sixteen numbers that share a line of the caches.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(super) struct Line([f32; WIDTH]);

/// Numbers that begin with a line: vectors of an inner loop that lay across two would be read twice.
#[derive(Default)]
pub(super) struct Panels(Vec<Line>);

impl Panels {
    /// Returns space for `len` numbers, which are old ones or 0.
    pub(super) fn room(&mut self, len: usize) -> &mut [f32] {
        let lines = len.div_ceil(WIDTH);
        if self.0.len() < lines {
            self.0.resize(lines, Line([0.0; WIDTH]));
        }
        // SAFETY: lines are nothing but numbers.
        unsafe { core::slice::from_raw_parts_mut(self.0.as_mut_ptr().cast(), self.0.len() * WIDTH) }
    }

    pub(super) fn as_ptr(&self) -> *const f32 {
        self.0.as_ptr().cast()
    }
}

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

/// A whole right-hand matrix, packed once for many products with few rows.
pub(crate) struct Packed {
    pub(super) panels: Panels,
    pub(super) k: usize,
    pub(super) n: usize,
}

impl Packed {
    /// Packs a `k` by `n` matrix.
    pub(crate) fn new(cpu: &Cpu, b: Matrix<'_>, k: usize, n: usize) -> Self {
        b.check(k, n);
        let mut panels = Panels::default();
        let to = Parts::new(panels.room(n.next_multiple_of(WIDE) * k + WIDTH));
        cpu.rows(n.div_ceil(WIDE), WIDE * k * WEIGHT, &|part| {
            let (first, end) = (part.start * WIDE, n.min(part.end * WIDE));
            let (to, count) = (to.start().wrapping_add(first * k), end - first);
            kernel!(cpu.isa(), columns(to: *mut f32, b: Matrix<'_>, first: usize, count: usize, k: usize));
        });
        Self { panels, k, n }
    }

    /// The number of elements.
    pub(crate) fn len(&self) -> usize {
        self.k * self.n
    }
}

/// `count` columns of `b` from `first` on, in panels.
#[inline(always)]
unsafe fn columns<L: Lanes>(to: *mut f32, b: Matrix<'_>, first: usize, count: usize, k: usize) {
    // SAFETY: `b` was checked, and there is room.
    unsafe { panels::<L>(to, WIDE, count, k, Strided { data: b.at(0, first), line: b.column, step: b.row }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{cpus, numbers};
    use alloc::vec;

    /// Lines that lie in memory one after the other, or side by side.
    #[test]
    fn every_element_is_in_its_place() {
        #[inline(always)]
        unsafe fn pack<L: Lanes>(to: &mut [f32], tall: usize, count: usize, k: usize, lines: Strided) {
            // SAFETY: the test makes room; the caller has the lanes.
            unsafe { panels::<L>(to.as_mut_ptr(), tall, count, k, lines) }
        }
        for cpu in cpus() {
            for tall in [12, WIDE] {
                for size in [(1, 1), (5, 3), (12, 16), (13, 40), (64, 33), (300, 21)] {
                    let (count, k) = size;
                    let a = numbers(count * k, 1);
                    for (line, step) in [(k, 1), (1, count)] {
                        let mut packed = vec![f32::NAN; count.next_multiple_of(tall) * k + WIDTH];
                        let (to, lines) = (&mut packed[..], Strided { data: a.as_ptr(), line, step });
                        kernel!(cpu.isa(), pack(to: &mut [f32], tall: usize, count: usize, k: usize, lines: Strided));
                        for i in 0..count {
                            for p in 0..k {
                                let got = packed[i / tall * k * tall + p * tall + i % tall];
                                assert_eq!(got, a[i * line + p * step], "{cpu:?} {tall} {size:?} [{i}, {p}]");
                            }
                        }
                    }
                }
            }
        }
    }
}
