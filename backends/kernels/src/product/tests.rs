//! Products of every kind beside the sum in rising order.

use super::*;
use crate::isa::Processor;
use crate::testing::{numbers, processors};
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
    for processor in processors() {
        for (m, k, n) in SHAPES {
            sums(processor, Factors::F32, Shape { m, k, n }, |x| x);
        }
    }
}

#[test]
fn products_of_bf16_equal_the_sum_of_rounded_factors_in_rising_order() {
    for processor in processors() {
        for (m, k, n) in SHAPES {
            sums(processor, Factors::Bf16, Shape { m, k, n }, |x| half::bf16::from_f32(x).to_f32());
        }
    }
}

/// Compares products in every layout, from every start, with the sums of rounded factors.
fn sums(processor: Processor, factors: Factors, shape: Shape, round: fn(f32) -> f32) {
    let Shape { m, k, n } = shape;
    let (a, b, c0, bias) = (numbers(m * k, 1), numbers(k * n, 2), numbers(m * n, 3), numbers(n, 4));
    let (wa, wb): (Vec<f32>, Vec<f32>) =
        (a.iter().map(|&x| round(x)).collect(), b.iter().map(|&x| round(x)).collect());
    // The transposes, so that every layout is read.
    let at: Vec<f32> = (0..m * k).map(|x| a[(x % m) * k + x / m]).collect();
    let bt: Vec<f32> = (0..k * n).map(|x| b[(x % k) * n + x / k]).collect();
    let mut room = vec![f32::NAN; workspace(processor.isa(), factors, shape)];
    for (start, from) in [(Start::Zero, 0), (Start::Add, 1), (Start::Row(&bias), 2)] {
        let want: Vec<f32> = (0..m * n)
            .map(|x| {
                let (i, j) = (x / n, x % n);
                let mut sum = [0.0, c0[x], bias[j]][from];
                for p in 0..k {
                    let (x, y) = (wa[i * k + p], wb[p * n + j]);
                    sum = if processor.rounds_once() { x.mul_add(y, sum) } else { x * y + sum };
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
            let old = || if from == 1 { c0.clone() } else { vec![f32::NAN; m * n] };
            let mut whole = old();
            multiply(processor, factors, shape, left, right, start, &mut whole, &mut room);
            same(processor, factors, &whole, &want, shape);
            let mut c = old();
            few_rows(processor, factors, shape, left, right, start, &mut c);
            assert_eq!(c, whole, "{processor:?} {factors:?} {shape:?}: few rows");
        }
    }
}

/// The product by [`thin`], in two parts of the columns.
fn few_rows(
    processor: Processor,
    factors: Factors,
    shape: Shape,
    a: Matrix<'_>,
    b: Matrix<'_>,
    start: Start<'_>,
    c: &mut [f32],
) {
    let Shape { m, k, n } = shape;
    let mut panels = vec![f32::NAN; n.next_multiple_of(WIDE) * factors.words(k)];
    pack_columns(processor, factors, b, 0..k, 0..n, &mut panels);
    let padded = factors.padded(k);
    let mut rounded = vec![f32::NAN; m * padded];
    let a = if factors == Factors::F32 {
        a
    } else {
        round_rows(processor, factors, 0..m, k, a, &mut rounded);
        Matrix::rows(&rounded, padded)
    };
    let middle = (n / 2).next_multiple_of(WIDE).min(n / WIDE * WIDE);
    let c = Output { start: c.as_mut_ptr(), row: n };
    for columns in [0..middle, middle..n] {
        // SAFETY: the output is whole.
        unsafe { thin(processor, factors, 0..m, columns, a, &panels, k, start, c) };
    }
}

/// Blocks of rows, panels and elements of k in any order of rows and panels, to columns of a wider matrix.
#[test]
fn blocks_make_the_whole_and_nothing_beside_it() {
    for (processor, factors) in processors().flat_map(|p| [(p, Factors::F32), (p, Factors::Bf16)]) {
        for (m, k, n) in SHAPES {
            let shape = Shape { m, k, n };
            let (a, b) = (numbers(m * k, 1), numbers(k * n, 2));
            let (a, b) = (Matrix::rows(&a, k), Matrix::rows(&b, n));
            let (mut want, mut room) =
                (vec![0.0; m * n], vec![0.0; workspace(processor.isa(), factors, shape)]);
            multiply(processor, factors, shape, a, b, Start::Zero, &mut want, &mut room);
            let wide = n + 3;
            let mut c = vec![f32::NAN; m * wide];
            let output = Output { start: c[2..].as_mut_ptr(), row: wide };
            let panels = n.div_ceil(WIDE);
            // Pairs are not taken apart.
            let middle = (k / 2).next_multiple_of(2).min(k);
            for (elements, start) in [(0..middle, Start::Zero), (middle..k, Start::Add)] {
                let part =
                    Part { factors, start, first: elements.start, k: elements.len(), column: 0, columns: n };
                let mut right = vec![f32::NAN; panels * WIDE * factors.words(part.k)];
                pack_columns(processor, factors, b, elements, 0..n, &mut right);
                for rows in [m / 3..m, 0..m / 3] {
                    for panel in (0..panels).rev() {
                        let mut left = vec![f32::NAN; part.workspace(processor, a, rows.len())];
                        let panel = panel..panel + 1;
                        // SAFETY: the rows and columns are inside the output.
                        unsafe {
                            blocks(processor, part, rows.clone(), panel, a, &mut left, &right, output);
                        }
                    }
                }
            }
            for (wide, want) in c.chunks_exact(wide).zip(want.chunks_exact(n)) {
                assert_eq!(wide[2..2 + n], *want, "{processor:?} {shape:?}");
                assert!([wide[0], wide[1], wide[2 + n]].iter().all(|x| x.is_nan()));
            }
        }
    }
}

/// Bits, but where the processor adds two products in an order of its own.
fn same(processor: Processor, factors: Factors, got: &[f32], want: &[f32], shape: Shape) {
    let pairs = factors == Factors::Bf16 && processor.multiplies_bf16();
    for (i, (g, w)) in got.iter().zip(want).enumerate() {
        let fits = if pairs { (g - w).abs() < 2e-4 } else { g.to_bits() == w.to_bits() };
        assert!(fits, "{processor:?} {factors:?} {shape:?} [{i}]: {g} {w}");
    }
}
