//! Matrices that were packed once, for many products with few rows.

use super::panels::Panels;
use super::split::split;
use super::{Matrix, Shape, Start};
use crate::Cpu;
use crate::threads::{Parts, WEIGHT};
use rlhf_kernels::product::{WIDE, pack_columns, thin};

/// A whole right-hand matrix, packed.
pub(crate) struct Packed {
    panels: Panels,
    k: usize,
    n: usize,
}

impl Packed {
    /// Packs a `k` by `n` matrix.
    pub(crate) fn new(cpu: &Cpu, b: Matrix<'_>, k: usize, n: usize) -> Self {
        b.check(k, n);
        let mut panels = Panels::default();
        let to = Parts::new(panels.room(n.next_multiple_of(WIDE) * k));
        cpu.rows(n.div_ceil(WIDE), WIDE * k * WEIGHT, &|part| {
            // SAFETY: ranges of panels are disjoint.
            let to = unsafe { to.get(part.start * WIDE * k..part.end * WIDE * k) };
            pack_columns(cpu.processor(), b, 0..k, part.start * WIDE..n.min(part.end * WIDE), to);
        });
        Self { panels, k, n }
    }

    /// The number of elements.
    pub(crate) fn len(&self) -> usize {
        self.k * self.n
    }
}

/// [`gemm`](super::gemm) with a right-hand matrix that was packed before.
pub(crate) fn gemm_packed(cpu: &Cpu, m: usize, a: Matrix<'_>, b: &Packed, start: Start<'_>, c: &mut [f32]) {
    let shape = Shape { m, k: b.k, n: b.n };
    assert_eq!(c.len(), m * b.n);
    let panels = b.panels.numbers();
    split(cpu, shape, start, c, b.n, &|rows, columns, c| {
        // SAFETY: `split` looked at the output, of which each thread has its own part.
        unsafe { thin(cpu.processor(), rows, columns, a, panels, b.k, start, c) }
    });
}
