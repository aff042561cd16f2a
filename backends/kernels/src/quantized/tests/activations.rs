//! Quantization of activations.

use super::*;
use crate::quantized::{BLOCK, Error};

fn quantized(x: &[f32], inputs: usize) -> Vec<f32> {
    let rows = x.len() / inputs;
    let mut found = Vec::new();
    for processor in crate::testing::processors() {
        let mut workspace = vec![0xaa; Activations::bytes(rows, inputs)];
        found.push(numbers_of(Activations::quantize(processor, rows, inputs, x, &mut workspace).unwrap()));
    }
    found.iter().for_each(|other| assert_eq!(bits(other), bits(&found[0])));
    found.swap_remove(0)
}

#[test]
fn a_number_is_off_by_half_a_step_at_most() {
    for (sample, inputs) in [1, 5, 16, 31, 32, 33, 100].into_iter().enumerate() {
        for size in [1e-30, 1e-3, 1.0, 1e10, 1e37] {
            let x: Vec<f32> = numbers(4 * inputs, sample as u32).iter().map(|x| x * size).collect();
            let got = quantized(&x, inputs);
            for (x, got) in x.chunks(inputs).zip(got.chunks(inputs)) {
                for (x, got) in x.chunks(BLOCK).zip(got.chunks(BLOCK)) {
                    let step = x.iter().fold(0.0f32, |a, x| a.max(x.abs())) / 127.0;
                    for (&x, &got) in x.iter().zip(got) {
                        assert!(
                            (f64::from(x) - f64::from(got)).abs() <= f64::from(step) * 0.50002,
                            "{x}: {got}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn ties_go_to_even() {
    assert_eq!(
        quantized(&[127.0, 0.5, 1.5, 2.5, -0.5, -1.5, 126.5], 7),
        [127.0, 0.0, 2.0, 2.0, 0.0, -2.0, 126.0]
    );
}

#[test]
fn zeros_and_extremes_stay_finite() {
    assert_eq!(quantized(&[0.0, -0.0], 2), [0.0, 0.0]);
    assert_eq!(quantized(&[1e-38, -1e-36, f32::MIN_POSITIVE, 1e-45], 4), [0.0; 4]);
    let large = quantized(&[3e38, -3e38, 1.0], 3);
    assert!((large[0] / 3e38 - 1.0).abs() < 1e-6 && large[1] == -large[0] && large[2] == 0.0);
    let small = quantized(&[2e-36, -2e-36], 2);
    assert!((small[0] / 2e-36 - 1.0).abs() < 1e-6 && small[1] == -small[0]);
}

#[test]
fn what_is_not_finite_is_named() {
    for processor in crate::testing::processors() {
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            for at in [0, 40, 77, 99] {
                let mut x = numbers(100, 3);
                x[at] = bad;
                let mut workspace = vec![0; Activations::bytes(2, 50)];
                let error = Activations::quantize(processor, 2, 50, &x, &mut workspace).unwrap_err();
                assert_eq!(error, Error::NotFinite { row: at / 50, column: at % 50 });
            }
        }
    }
}

#[test]
fn rows_can_be_quantized_apart() {
    let processor = Processor::best();
    let x = numbers(5 * 70, 1);
    let mut whole = vec![0; Activations::bytes(5, 70)];
    Activations::quantize(processor, 5, 70, &x, &mut whole).unwrap();
    let mut parts = vec![0; whole.len()];
    for (x, part) in x.chunks(2 * 70).zip(parts.chunks_mut(Activations::bytes(2, 70))) {
        Activations::quantize(processor, x.len() / 70, 70, x, part).unwrap();
    }
    assert_eq!(parts, whole);
    assert_eq!(Activations::from_bytes(5, 70, &parts).unwrap().part(3..9).rows(), 2);
}
