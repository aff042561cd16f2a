//! Quantization and repacking of weights.

use super::*;
use crate::quantized::{BLOCK, Error, FourBitBlock};
use half::f16;

#[test]
fn int8_is_off_by_half_a_step_at_most() {
    let shape = WeightShape { outputs: 21, inputs: 45 };
    let w = numbers(21 * 45, 5);
    let mut bytes = Format::Int8.bytes(shape);
    let got = Format::Int8.quantize(shape, &w, &mut bytes).numbers();
    for (w, got) in w.chunks(45).zip(got.chunks(45)) {
        let step = w.iter().fold(0.0f32, |a, w| a.max(w.abs())) / 127.0;
        w.iter().zip(got).for_each(|(w, got)| assert!((w - got).abs() <= step * 0.50002, "{w}: {got}"));
    }
}

#[test]
fn four_bits_are_off_by_a_step_at_most() {
    let shape = WeightShape { outputs: 19, inputs: 75 };
    let w = numbers(19 * 75, 5);
    for (format, steps) in [(FourBitFormat::Scale, 8.0f32), (FourBitFormat::ScaleAndMinimum, 15.0)] {
        let mut bytes = Format::FourBits(format).bytes(shape);
        let got = Format::FourBits(format).quantize(shape, &w, &mut bytes).numbers();
        for (w, got) in w.chunks(75).zip(got.chunks(75)) {
            for (w, got) in w.chunks(BLOCK).zip(got.chunks(BLOCK)) {
                let [low, high] =
                    w.iter().fold([f32::MAX, f32::MIN], |[low, high], &w| [low.min(w), high.max(w)]);
                let (step, share) = match format {
                    // The side that is not the farthest reaches 7 steps: up to one is cut off.
                    FourBitFormat::Scale => (high.max(-low) / steps, 1.01),
                    FourBitFormat::ScaleAndMinimum => ((high - low) / steps, 0.53),
                };
                w.iter().zip(got).for_each(|(w, got)| assert!((w - got).abs() <= share * step, "{w}: {got}"));
            }
        }
    }
}

/// A row of blocks as GGUF has them: f16 scale (and minimum), then 16 bytes, whose low halves are the first 16 weights.
fn gguf(blocks: usize, minimum: bool, seed: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    for block in 0..blocks {
        bytes.extend(f16::from_f32_const(0.01 * (block as f32 - 2.5)).to_le_bytes());
        if minimum {
            bytes.extend(f16::from_f32_const(0.3 - block as f32).to_le_bytes());
        }
        bytes.extend(
            (0..16u8).map(|i| i.wrapping_mul(37).wrapping_add(block as u8 * 11 + seed).wrapping_mul(7)),
        );
    }
    bytes
}

#[test]
fn blocks_of_gguf_are_repacked_exactly() {
    let shape = WeightShape { outputs: 18, inputs: 96 };
    for (format, size) in [(FourBitFormat::Scale, 18), (FourBitFormat::ScaleAndMinimum, 20)] {
        let minimum = format == FourBitFormat::ScaleAndMinimum;
        let mut bytes = Format::FourBits(format).bytes(shape);
        let mut to = FourBitWeightsMut::new(shape, format, &mut bytes).unwrap();
        let mut want = Vec::new();
        for row in 0..shape.outputs {
            for (block, bytes) in gguf(3, minimum, row as u8).chunks(size).enumerate() {
                let number = |at| f16::from_le_bytes([bytes[at], bytes[at + 1]]);
                let (d, m) = (number(0), if minimum { number(2) } else { f16::ZERO });
                let packed = &bytes[size - 16..];
                let values: [u8; BLOCK] =
                    core::array::from_fn(|i| if i < 16 { packed[i] & 15 } else { packed[i - 16] >> 4 });
                want.extend(values.map(|q| match format {
                    FourBitFormat::Scale => d.to_f32_const() * (f32::from(q) - 8.0),
                    FourBitFormat::ScaleAndMinimum => d.to_f32_const() * f32::from(q) + m.to_f32_const(),
                }));
                let from = FourBitBlock { scale: d, minimum: m, values };
                to.set(row, block, &from).unwrap();
            }
        }
        let weights = to.finish();
        weights.check_scales().unwrap();
        assert_eq!(bits(&Weights::FourBits(weights).numbers()), bits(&want));
        let block = weights.row(17).nth(2).unwrap();
        assert_eq!(block.scale, f16::from_f32_const(-0.005));
    }
}

#[test]
fn rows_that_are_not_written_are_zeros() {
    let shape = WeightShape { outputs: 20, inputs: 40 };
    for format in FORMATS {
        let mut bytes = format.bytes(shape);
        let weights = format.quantize(shape, &numbers(40, 1), &mut bytes);
        assert!(weights.numbers()[40..].iter().all(|w| *w == 0.0));
    }
}

#[test]
fn weights_that_a_format_does_not_hold_are_named() {
    let shape = WeightShape { outputs: 3, inputs: 70 };
    let mut row = numbers(70, 1);
    for format in [FourBitFormat::Scale, FourBitFormat::ScaleAndMinimum] {
        let mut bytes = Format::FourBits(format).bytes(shape);
        let mut to = FourBitWeightsMut::new(shape, format, &mut bytes).unwrap();
        row[66] = 1e7;
        assert_eq!(to.quantize(2, &row), Err(Error::Scale { row: 2, block: 2 }));
        row[66] = f32::INFINITY;
        assert_eq!(to.quantize(2, &row), Err(Error::NotFinite { row: 2, column: 66 }));
        let block = FourBitBlock { scale: f16::NAN, minimum: f16::ZERO, values: [0; BLOCK] };
        assert_eq!(to.set(1, 2, &block), Err(Error::Scale { row: 1, block: 2 }));
        assert!(matches!(to.set(1, 3, &block), Err(Error::Index { count: 3, got: 3, .. })));
        assert!(matches!(to.set(3, 0, &block), Err(Error::Index { count: 3, got: 3, .. })));
        let mut spoilt = bytes.clone();
        // The scale of block 1 of the last row.
        let at = shape.blocks() * 256 + 32 + 2 * 2;
        spoilt[at..at + 2].copy_from_slice(&f16::INFINITY.to_le_bytes());
        let weights = FourBitWeights::new(shape, format, &spoilt).unwrap();
        assert_eq!(weights.check_scales(), Err(Error::Scale { row: 2, block: 1 }));
    }
    let mut bytes = Format::Int8.bytes(shape);
    let mut to = Int8WeightsMut::new(shape, &mut bytes).unwrap();
    assert_eq!(to.quantize(0, &row), Err(Error::NotFinite { row: 0, column: 66 }));
    assert_eq!(to.set(0, f32::NAN, &[0; 70]), Err(Error::Scale { row: 0, block: 0 }));
    assert!(matches!(to.set(3, 1.0, &[0; 70]), Err(Error::Index { count: 3, got: 3, .. })));
    to.finish().check_scales().unwrap();
    let at = bytes.len() - 64 + 4;
    bytes[at..at + 4].copy_from_slice(&f32::NAN.to_le_bytes());
    let weights = Int8Weights::new(shape, &bytes).unwrap();
    assert_eq!(weights.check_scales(), Err(Error::Scale { row: 1, block: 0 }));
}
