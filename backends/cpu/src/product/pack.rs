//! Copies of matrix parts in the order that the inner loop reads them.

use super::Matrix;
use crate::lanes::WIDTH;
use alloc::vec::Vec;

/// Packs `count` lines of `k` elements into panels of `width` lines: element `p` of line `i` goes to
/// `panel(i / width) + p·width + i % width`. Lines that are missing from the last panel are 0.
///
/// `start` is line 0, element 0; `line` and `step` are the distances between lines and elements.
///
/// # Safety
/// All those elements exist.
unsafe fn panels(
    out: &mut Vec<f32>,
    width: usize,
    count: usize,
    k: usize,
    start: *const f32,
    line: usize,
    step: usize,
) {
    out.clear();
    out.reserve(count.div_ceil(width) * width * k);
    for first in (0..count).step_by(width) {
        let lines = width.min(count - first);
        let base = out.len();
        let panel = start.wrapping_add(first * line);
        // SAFETY: reserved above, and all of it is written below; sources are the caller's promise.
        unsafe {
            let to = out.as_mut_ptr().add(base);
            if line == 1 {
                for p in 0..k {
                    let (from, to) = (panel.add(p * step), to.add(p * width));
                    core::ptr::copy_nonoverlapping(from, to, lines);
                    core::ptr::write_bytes(to.add(lines), 0, width - lines);
                }
            } else {
                // Line by line would write one float per cache line; blocks of 16 elements of all
                // lines stay in the first cache.
                for block in (0..k).step_by(WIDTH) {
                    let end = (block + WIDTH).min(k);
                    for i in 0..lines {
                        let from = panel.add(i * line);
                        for p in block..end {
                            *to.add(p * width + i) = *from.add(p * step);
                        }
                    }
                    for p in block..end {
                        core::ptr::write_bytes(to.add(p * width + lines), 0, width - lines);
                    }
                }
            }
            out.set_len(base + width * k);
        }
    }
}

/// Rows `i0 ..`, `m` of them, columns `p0 ..`, `k` of them, of `a`, in panels of `height` rows.
pub(super) fn rows(
    out: &mut Vec<f32>,
    height: usize,
    a: Matrix<'_>,
    i0: usize,
    m: usize,
    p0: usize,
    k: usize,
) {
    a.check(i0 + m, p0 + k);
    // SAFETY: checked.
    unsafe { panels(out, height, m, k, a.at(i0, p0), a.row, a.column) }
}

/// Columns `j0 ..`, `n` of them, rows `p0 ..`, `k` of them, of `b`, in panels of `width` columns.
pub(super) fn columns(
    out: &mut Vec<f32>,
    width: usize,
    b: Matrix<'_>,
    j0: usize,
    n: usize,
    p0: usize,
    k: usize,
) {
    b.check(p0 + k, j0 + n);
    // SAFETY: checked.
    unsafe { panels(out, width, n, k, b.at(p0, j0), b.column, b.row) }
}

/// A whole right-hand matrix, packed once for many products with few rows.
pub(crate) struct Packed {
    pub(super) panels: Vec<f32>,
    pub(super) k: usize,
    pub(super) n: usize,
}

impl Packed {
    /// Packs a `k` by `n` matrix.
    pub(crate) fn new(b: Matrix<'_>, k: usize, n: usize) -> Self {
        let mut panels = Vec::new();
        columns(&mut panels, super::gemm::WIDE, b, 0, n, 0, k);
        Self { panels, k, n }
    }
}
