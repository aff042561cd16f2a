//! Matrices that were packed once, for many products with few rows.

use super::panels::Panels;
use super::split::split;
use super::workspace::with_left;
use super::{Matrix, Shape, Start};
use crate::Cpu;
use crate::threads::{Parts, WEIGHT};
use rlhf_kernels::product::{Factors, WIDE, pack_columns, round_rows, thin};

/// A whole right-hand matrix, packed.
pub(crate) struct Packed {
    panels: Panels,
    factors: Factors,
    k: usize,
    n: usize,
}

impl Packed {
    /// Packs a `k` by `n` matrix.
    pub(crate) fn new(cpu: &Cpu, b: Matrix<'_>, k: usize, n: usize) -> Self {
        b.check(k, n);
        let mut panels = Panels::default();
        let factors = cpu.factors();
        let panel = WIDE * factors.words(k);
        let to = Parts::new(panels.room(n.div_ceil(WIDE) * panel));
        cpu.rows(n.div_ceil(WIDE), WIDE * k * WEIGHT, &|part| {
            // SAFETY: ranges of panels are disjoint.
            let to = unsafe { to.get(part.start * panel..part.end * panel) };
            let columns = part.start * WIDE..n.min(part.end * WIDE);
            pack_columns(cpu.processor(), factors, b, 0..k, columns, to);
        });
        Self { panels, factors, k, n }
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
        let (processor, factors, k) = (cpu.processor(), b.factors, b.k);
        if factors == Factors::F32 {
            // SAFETY: `split` looked at the output, of which each thread has its own part.
            return unsafe { thin(processor, factors, rows, columns, a, panels, k, start, c) };
        }
        // All rows keep their places; others than the part's are not looked at.
        let padded = factors.padded(k);
        with_left(rows.end * padded, |rounded| {
            round_rows(processor, factors, rows.clone(), k, a, &mut rounded[rows.start * padded..]);
            let a = Matrix::rows(rounded, padded);
            // SAFETY: as above.
            unsafe { thin(processor, factors, rows, columns, a, panels, k, start, c) }
        });
    });
}
