//! Products of every kind beside the sum in rising order.

use super::{Matrix, Packed, Shape, Start, gemm, gemm_columns, gemm_packed};
use crate::Cpu;
use crate::simd::Isa;
use crate::testing::{cpus, numbers};
use alloc::{vec, vec::Vec};

/// Every shape class: below, at and above tiles and blocks, one row, one column, empty sums.
const SHAPES: [(usize, usize, usize); 13] = [
    (1, 1, 1),
    (1, 300, 65),
    (3, 64, 192),
    (14, 256, 32),
    (15, 257, 33),
    (31, 512, 100),
    (113, 700, 64),
    (200, 40, 2100),
    (64, 1, 64),
    (5, 0, 7),
    (2049, 8, 3),
    (37, 64, 130),
    (13, 800, 2100),
];

#[test]
fn products_equal_the_sum_in_rising_order() {
    for cpu in cpus() {
        for (m, k, n) in SHAPES {
            let shape = Shape { m, k, n };
            let (a, b, c0, bias) = (numbers(m * k, 1), numbers(k * n, 2), numbers(m * n, 3), numbers(n, 4));
            // The transposes, so that every layout is read.
            let at: Vec<f32> = (0..m * k).map(|x| a[(x % m) * k + x / m]).collect();
            let bt: Vec<f32> = (0..k * n).map(|x| b[(x % k) * n + x / k]).collect();
            for (start, from) in [(Start::Zero, 0), (Start::Add, 1), (Start::Row(&bias), 2)] {
                let want: Vec<f32> = (0..m * n)
                    .map(|x| {
                        let (i, j) = (x / n, x % n);
                        let mut sum = [0.0, c0[x], bias[j]][from];
                        for p in 0..k {
                            sum = a[i * k + p].mul_add(b[p * n + j], sum);
                        }
                        sum
                    })
                    .collect();
                let layouts = [
                    (Matrix::rows(&a, k), Matrix::rows(&b, n)),
                    (Matrix::rows(&at, m).transposed(), Matrix::rows(&b, n)),
                    (Matrix::rows(&a, k), Matrix::rows(&bt, k).transposed()),
                ];
                for (left, right) in layouts {
                    let mut c = if from == 1 { c0.clone() } else { vec![f32::NAN; m * n] };
                    gemm(&cpu, shape, left, right, start, &mut c);
                    same(&cpu, &c, &want, shape);
                    let mut c = if from == 1 { c0.clone() } else { vec![f32::NAN; m * n] };
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

/// Bits where the kernels are ours, a tolerance where `matrixmultiply` or unfused lanes are used.
fn same(cpu: &Cpu, got: &[f32], want: &[f32], shape: Shape) {
    for (i, (g, w)) in got.iter().zip(want).enumerate() {
        let fits = if cpu.isa() == Isa::Portable { (g - w).abs() < 2e-4 } else { g.to_bits() == w.to_bits() };
        assert!(fits, "{} {shape:?} [{i}]: {g} {w}", cpu.isa().name());
    }
}
