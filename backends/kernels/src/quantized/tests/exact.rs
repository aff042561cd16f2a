//! Integers for which the product is an integer that f32 holds: it is met exactly.

use super::*;
use crate::quantized::{BLOCK, FourBitBlock};
use half::f16;

/// Integers of one row or more, all -127 ..= 127, with one of ±127 in each block, so that their scale is 1.
fn integers(rows: usize, inputs: usize, sample: u32) -> Vec<i64> {
    let mut found: Vec<i64> =
        numbers(rows * inputs, sample).iter().map(|x| (x * 60.0).clamp(-127.0, 127.0) as i64).collect();
    for row in found.chunks_mut(inputs.max(1)) {
        for (i, block) in row.chunks_mut(BLOCK).enumerate() {
            block[i % block.len()] = if i % 2 == 0 { 127 } else { -127 };
        }
    }
    found
}

fn check(rows: usize, shape: WeightShape, a: &[i64], w: &[i64], weights: Weights<'_>) {
    let x: Vec<f32> = a.iter().map(|&a| a as f32).collect();
    let inputs = shape.inputs;
    let dot = |i: usize, j: usize| (0..inputs).map(|p| a[i * inputs + p] * w[j * inputs + p]).sum::<i64>();
    for processor in processors() {
        let mut workspace = vec![0xaa; Activations::bytes(rows, inputs)];
        let activations = Activations::quantize(processor, rows, inputs, &x, &mut workspace).unwrap();
        let out = weights.product(processor, activations);
        for (at, &got) in out.iter().enumerate() {
            let (i, j) = (at / shape.outputs, at % shape.outputs);
            assert_eq!(f64::from(got), dot(i, j) as f64, "{processor:?} {weights:?} row {i}, output {j}");
        }
    }
}

fn int8(rows: usize, shape: WeightShape, a: &[i64], w: &[i64]) {
    let mut bytes = Format::Int8.bytes(shape);
    let mut to = Int8WeightsMut::new(shape, &mut bytes).unwrap();
    for (i, row) in w.chunks(shape.inputs.max(1)).enumerate() {
        to.set(i, 1.0, &row.iter().map(|&w| i8::try_from(w).unwrap()).collect::<Vec<_>>()).unwrap();
    }
    check(rows, shape, a, w, Weights::Int8(to.finish()));
}

/// `w`, 0 ..= 15, as they are stored.
fn four_bits(rows: usize, shape: WeightShape, a: &[i64], w: &[i64], format: FourBitFormat) {
    let mut bytes = Format::FourBits(format).bytes(shape);
    let mut to = FourBitWeightsMut::new(shape, format, &mut bytes).unwrap();
    for (i, row) in w.chunks(shape.inputs.max(1)).enumerate() {
        for (j, block) in row.chunks(BLOCK).enumerate() {
            // What fills the last block counts for nothing.
            let mut values = [9; BLOCK];
            values.iter_mut().zip(block).for_each(|(to, &w)| *to = w as u8);
            to.set(i, j, &FourBitBlock { scale: f16::ONE, minimum: f16::from_f32_const(-2.0), values })
                .unwrap();
        }
    }
    let start = if format == FourBitFormat::Scale { -8 } else { -2 };
    let w: Vec<i64> = w.iter().map(|w| w + start).collect();
    check(rows, shape, a, &w, Weights::FourBits(to.finish()));
}

#[test]
fn any_shape_will_do() {
    for &(rows, outputs, inputs) in SHAPES {
        let shape = WeightShape { outputs, inputs };
        let a = integers(rows, inputs, 1);
        int8(rows, shape, &a, &integers(outputs, inputs, 2));
        let w: Vec<i64> = integers(outputs, inputs, 3).iter().map(|w| w.rem_euclid(16)).collect();
        four_bits(rows, shape, &a, &w, FourBitFormat::Scale);
        four_bits(rows, shape, &a, &w, FourBitFormat::ScaleAndMinimum);
    }
}

#[test]
fn the_largest_numbers_overflow_nothing() {
    for &rows in if cfg!(miri) { &[13][..] } else { &[1, 13] } {
        let (outputs, inputs) = if cfg!(miri) { (2, 32) } else { (18, 96) };
        let shape = WeightShape { outputs, inputs };
        for a in [-127, 127] {
            let a = vec![a; rows * shape.inputs];
            for w in [-128, -127, 127] {
                int8(rows, shape, &a, &vec![w; shape.outputs * shape.inputs]);
            }
            for w in [0, 15] {
                for format in [FourBitFormat::Scale, FourBitFormat::ScaleAndMinimum] {
                    four_bits(rows, shape, &a, &vec![w; shape.outputs * shape.inputs], format);
                }
            }
        }
        // Signs that alternate, so that pairs are as far apart as they can be.
        let signs: Vec<i64> = (0..rows * shape.inputs).map(|i| if i % 3 == 0 { 127 } else { -127 }).collect();
        let w: Vec<i64> =
            (0..shape.outputs * shape.inputs).map(|i| if i % 5 < 2 { -128 } else { 127 }).collect();
        int8(rows, shape, &signs, &w);
    }
}
