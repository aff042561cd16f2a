//! Shared products beside those of one thread.

use super::{Matrix, Packed, Shape, Start, gemm, gemm_columns, gemm_packed};
use crate::testing::{cpus, numbers};
use crate::{Cpu, Isa};
use alloc::{vec, vec::Vec};
use rlhf_core::network::Precision;
use rlhf_kernels::product::{multiply, workspace};

/// Every shape class: below, at and above tiles, blocks and what threads are worth; empty sums.
const SHAPES: [(usize, usize, usize); 12] = [
    (1, 1, 1),
    (1, 300, 65),
    (3, 64, 192),
    (15, 257, 33),
    (113, 700, 64),
    (200, 40, 2100),
    (64, 1, 64),
    (5, 0, 7),
    (2049, 8, 3),
    (37, 64, 130),
    (13, 800, 2100),
    (70, 1300, 2200),
];

#[test]
fn threads_and_packing_change_no_bit() {
    for cpu in both_precisions() {
        for (m, k, n) in SHAPES {
            let shape = Shape { m, k, n };
            let (a, b, c0, bias) = (numbers(m * k, 1), numbers(k * n, 2), numbers(m * n, 3), numbers(n, 4));
            // The transpose, so that every layout is read.
            let bt: Vec<f32> = (0..k * n).map(|x| b[(x % k) * n + x / k]).collect();
            let left = Matrix::rows(&a, k);
            for (start, adds) in [(Start::Zero, false), (Start::Add, true), (Start::Row(&bias), false)] {
                let old = || if adds { c0.clone() } else { vec![f32::NAN; m * n] };
                for right in [Matrix::rows(&b, n), Matrix::rows(&bt, k).transposed()] {
                    let (mut want, mut room) = (old(), vec![0.0; workspace(cpu.isa(), cpu.factors(), shape)]);
                    multiply(cpu.processor(), cpu.factors(), shape, left, right, start, &mut want, &mut room);
                    let mut c = old();
                    gemm(&cpu, shape, left, right, start, &mut c);
                    same(&cpu, &c, &want, shape);
                    let mut c = old();
                    gemm_packed(&cpu, m, left, &Packed::new(&cpu, right, k, n), start, &mut c);
                    same(&cpu, &c, &want, shape);
                    // Columns of a wider matrix, whose others are left alone.
                    let wide = n + 3;
                    let mut c = vec![f32::NAN; m * wide];
                    for (wide, c0) in c.chunks_exact_mut(wide).zip(c0.chunks_exact(n)) {
                        wide[2..2 + n].copy_from_slice(c0);
                    }
                    gemm_columns(&cpu, shape, left, right, start, &mut c[2..], wide);
                    for (wide, want) in c.chunks_exact(wide).zip(want.chunks_exact(n)) {
                        same(&cpu, &wide[2..2 + n], want, shape);
                        assert!([wide[0], wide[1], wide[2 + n]].iter().all(|x| x.is_nan()));
                    }
                }
            }
        }
    }
}

fn both_precisions() -> impl Iterator<Item = Cpu> {
    cpus().into_iter().flat_map(|cpu| [cpu.clone(), cpu.with_precision(Precision::Bf16).unwrap()])
}

/// Bits where the kernels are ours, a tolerance where `matrixmultiply` is used.
fn same(cpu: &Cpu, got: &[f32], want: &[f32], shape: Shape) {
    for (i, (g, w)) in got.iter().zip(want).enumerate() {
        let foreign = cpu.isa() == Isa::Portable && cpu.precision() == Precision::F32;
        let fits = if foreign { (g - w).abs() < 2e-4 * w.abs().max(1.0) } else { g.to_bits() == w.to_bits() };
        assert!(fits, "{cpu:?} {shape:?} [{i}]: {g} {w}");
    }
}
