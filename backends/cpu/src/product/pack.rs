//! Copies of matrix parts in the order that the inner loop reads them.

use super::Matrix;
use crate::lanes::WIDTH;
use alloc::vec::Vec;

/// Packs `count` lines of `k` elements into panels of `W` lines: element `p` of line `i` goes to
/// `panel(i / W) + p·W + i % W`. Lines that are missing from the last panel are 0.
///
/// `start` is line 0, element 0; `line` and `step` are the distances between lines and elements.
///
/// # Safety
/// All those elements exist.
unsafe fn panels<const W: usize>(
    out: &mut Vec<f32>,
    count: usize,
    k: usize,
    start: *const f32,
    line: usize,
    step: usize,
) {
    out.clear();
    out.reserve(count.div_ceil(W) * W * k);
    for first in (0..count).step_by(W) {
        let lines = W.min(count - first);
        let base = out.len();
        let panel = start.wrapping_add(first * line);
        // SAFETY: reserved above, and all of it is written below; sources are the caller's promise.
        unsafe {
            let to = out.as_mut_ptr().add(base);
            if line == 1 && lines == W {
                for p in 0..k {
                    // A copy whose size is known needs no call.
                    let from = panel.add(p * step).cast::<[f32; W]>();
                    to.add(p * W).cast::<[f32; W]>().write_unaligned(from.read_unaligned());
                }
            } else if line == 1 {
                for p in 0..k {
                    let (from, to) = (panel.add(p * step), to.add(p * W));
                    core::ptr::copy_nonoverlapping(from, to, lines);
                    core::ptr::write_bytes(to.add(lines), 0, W - lines);
                }
            } else {
                // Line by line would write one float per cache line; blocks of 16 elements of all
                // lines stay in the first cache.
                for block in (0..k).step_by(WIDTH) {
                    let end = (block + WIDTH).min(k);
                    for i in 0..lines {
                        let from = panel.add(i * line);
                        for p in block..end {
                            *to.add(p * W + i) = *from.add(p * step);
                        }
                    }
                    for p in block..end {
                        core::ptr::write_bytes(to.add(p * W + lines), 0, W - lines);
                    }
                }
            }
            out.set_len(base + W * k);
        }
    }
}

/// Rows `i0 ..`, `m` of them, columns `p0 ..`, `k` of them, of `a`, in panels of `W` rows.
pub(super) fn rows<const W: usize>(
    out: &mut Vec<f32>,
    a: Matrix<'_>,
    i0: usize,
    m: usize,
    p0: usize,
    k: usize,
) {
    a.check(i0 + m, p0 + k);
    // SAFETY: checked.
    unsafe { panels::<W>(out, m, k, a.at(i0, p0), a.row, a.column) }
}

/// Columns `j0 ..`, `n` of them, rows `p0 ..`, `k` of them, of `b`, in panels of `W` columns.
pub(super) fn columns<const W: usize>(
    out: &mut Vec<f32>,
    b: Matrix<'_>,
    j0: usize,
    n: usize,
    p0: usize,
    k: usize,
) {
    b.check(p0 + k, j0 + n);
    // SAFETY: checked.
    unsafe { panels::<W>(out, n, k, b.at(p0, j0), b.column, b.row) }
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
        columns::<{ super::gemm::WIDE }>(&mut panels, b, 0, n, 0, k);
        Self { panels, k, n }
    }
}
