use super::*;
use crate::quantized::{Error, MatrixMut, WeightShape};
use crate::testing::{close, numbers, processors, weighted, wide};
use alloc::vec;
use alloc::vec::Vec;

const FORMATS: [FloatFormat; 3] = [FloatFormat::F32, FloatFormat::F16, FloatFormat::Bf16];

/// Rows, outputs and inputs.
const SHAPES: [(usize, usize, usize); 8] =
    [(0, 16, 3), (1, 1, 1), (2, 16, 0), (3, 17, 5), (7, 33, 40), (12, 5, 64), (13, 48, 31), (1, 40, 100)];

fn filled(shape: WeightShape, format: FloatFormat) -> Vec<u8> {
    let mut bytes = vec![0xff; float_bytes(shape, format)];
    let mut weights = FloatWeightsMut::new(shape, format, &mut bytes).unwrap();
    for row in 0..shape.outputs {
        weights.set(row, &numbers(shape.inputs, row as u32)).unwrap();
    }
    bytes
}

#[test]
fn products_equal_those_of_the_rows_in_f64() {
    for (rows, outputs, inputs) in SHAPES {
        for format in FORMATS {
            let shape = WeightShape { outputs, inputs };
            let bytes = filled(shape, format);
            let weights = FloatWeights::new(shape, format, &bytes).unwrap();
            let x = numbers(rows * inputs, 1000);
            let mut want = Vec::new();
            for i in 0..rows {
                for j in 0..outputs {
                    let mut row = vec![f32::NAN; inputs];
                    weights.row(j, &mut row).unwrap();
                    want.push(weighted(&wide(&x[i * inputs..][..inputs]), &wide(&row)));
                }
            }
            for processor in processors() {
                let mut got = vec![f32::NAN; rows * outputs];
                let mut out = MatrixMut::new(&mut got, rows, outputs).unwrap();
                weights.multiply(processor, &x, &mut out).unwrap();
                close(processor, "product", &got, &want, 1e-5);
                // A row's bits do not depend on its company.
                for i in 0..rows {
                    let mut alone = vec![f32::NAN; outputs];
                    let mut out = MatrixMut::new(&mut alone, 1, outputs).unwrap();
                    weights.multiply(processor, &x[i * inputs..][..inputs], &mut out).unwrap();
                    assert_eq!(alone, got[i * outputs..][..outputs], "{processor:?}");
                }
            }
        }
    }
}

#[test]
fn rows_come_back_rounded() {
    let shape = WeightShape { outputs: 19, inputs: 7 };
    for (format, error) in [(FloatFormat::F32, 0.0), (FloatFormat::F16, 0.0005), (FloatFormat::Bf16, 0.004)] {
        let bytes = filled(shape, format);
        let weights = FloatWeights::new(shape, format, &bytes).unwrap();
        let mut row = [f32::NAN; 7];
        for i in 0..shape.outputs {
            weights.row(i, &mut row).unwrap();
            for (got, want) in row.iter().zip(numbers(7, i as u32)) {
                assert!((got - want).abs() <= error * want.abs() + error * 1e-3, "{format:?} {got} {want}");
            }
        }
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let shape = WeightShape { outputs: 3, inputs: 2 };
    let mut bytes = vec![0; float_bytes(shape, FloatFormat::F16)];
    assert!(FloatWeights::new(shape, FloatFormat::F32, &bytes).is_err());
    let mut weights = FloatWeightsMut::new(shape, FloatFormat::F16, &mut bytes).unwrap();
    assert_eq!(weights.set(0, &[1.0, 65520.0]), Err(Error::NotFinite { row: 0, column: 1 }));
    assert_eq!(weights.set(0, &[f32::NAN, 0.0]), Err(Error::NotFinite { row: 0, column: 0 }));
    assert!(weights.set(3, &[0.0, 0.0]).is_err() && weights.set(0, &[0.0]).is_err());
    let weights = weights.finish();
    assert!(weights.row(3, &mut [0.0; 2]).is_err() && weights.row(0, &mut [0.0; 3]).is_err());
    let mut out = [0.0; 3];
    let mut out = MatrixMut::new(&mut out, 1, 3).unwrap();
    assert!(weights.multiply(crate::Processor::PORTABLE, &[1.0], &mut out).is_err());
}
