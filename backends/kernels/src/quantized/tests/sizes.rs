//! Lengths that do not fit are errors, however large.

use super::*;
use crate::quantized::Error;
use alloc::string::ToString;

#[test]
fn sizes_are_known_at_compile_time() {
    const SHAPE: WeightShape = WeightShape { outputs: 17, inputs: 33 };
    const BYTES: [usize; 4] = [
        SHAPE.int8_bytes(),
        SHAPE.four_bit_bytes(FourBitFormat::Scale),
        SHAPE.four_bit_bytes(FourBitFormat::ScaleAndMinimum),
        Activations::bytes(2, 33),
    ];
    assert_eq!(BYTES, [2 * (2 * 512 + 64), 2 * 2 * (256 + 32), 2 * 2 * (256 + 64), 2 * 2 * 48]);
}

#[test]
fn lengths_that_do_not_fit_are_errors() {
    let processor = Processor::best();
    let shape = WeightShape { outputs: 17, inputs: 33 };
    let mut bytes = vec![0; shape.int8_bytes() + 1];
    let error = Int8Weights::new(shape, &bytes).unwrap_err();
    assert_eq!(error.to_string(), "bytes of int8 weights: want 2176, got 2177");
    assert!(Int8WeightsMut::new(shape, &mut bytes[2..]).is_err());
    bytes.pop();
    let weights = Weights::Int8(Int8Weights::new(shape, &bytes).unwrap());
    assert!(FourBitWeights::new(shape, FourBitFormat::Scale, &bytes).is_err());
    assert!(FourBitWeightsMut::new(shape, FourBitFormat::Scale, &mut bytes.clone()).is_err());

    let mut workspace = vec![0; Activations::bytes(2, 33)];
    assert!(Activations::quantize(processor, 2, 33, &[0.0; 65], &mut workspace).is_err());
    assert!(Activations::quantize(processor, 2, 33, &[0.0; 66], &mut workspace[1..]).is_err());
    let activations = Activations::quantize(processor, 2, 33, &[0.0; 66], &mut workspace).unwrap();
    let mut out = vec![0.0; 34];
    let multiply = |weights: Weights<'_>, activations: Activations<'_>, rows, columns, out: &mut [f32]| {
        weights.multiply(processor, activations, &mut MatrixMut::new(out, rows, columns).unwrap())
    };
    multiply(weights, activations, 2, 17, &mut out).unwrap();
    assert!(multiply(weights, activations.part(0..1), 2, 17, &mut out).is_err());
    assert!(multiply(weights, activations, 1, 34, &mut out).is_err());
    assert!(multiply(weights.panels(1..2), activations, 2, 17, &mut out).is_err());
    assert_eq!(weights.panels(1..9).shape(), WeightShape { outputs: 1, inputs: 33 });
    assert_eq!(weights.panels(2..2).shape().outputs, 0);
    let other = [0; Activations::bytes(2, 34)];
    let other = Activations::from_bytes(2, 34, &other).unwrap();
    assert_eq!(
        multiply(weights, other, 2, 17, &mut out).unwrap_err().to_string(),
        "inputs of the activations: want 33, got 34"
    );
    assert!(MatrixMut::new(&mut out, 3, 11).is_err());
    assert!(MatrixMut::strided(&mut out, 2, 17, 16).is_err());
    assert!(MatrixMut::strided(&mut out, 2, 17, 18).is_err());
    assert_eq!(
        activations.dequantize(2, &mut [0.0; 33]),
        Err(Error::Index { name: "rows", count: 2, got: 2 })
    );
}

#[test]
fn sizes_beyond_memory_fit_no_slice() {
    let huge = usize::MAX;
    for (outputs, inputs) in [(huge, huge), (huge, 1), (1, huge), (huge / 2, 64), (huge / 32, 32)] {
        let shape = WeightShape { outputs, inputs };
        assert!(Int8Weights::new(shape, &[]).is_err());
        assert!(FourBitWeights::new(shape, FourBitFormat::Scale, &[]).is_err());
        assert!(Activations::from_bytes(outputs, inputs, &[]).is_err());
        assert!(MatrixMut::new(&mut [], outputs, inputs).is_err());
        assert!(MatrixMut::strided(&mut [], outputs, inputs, huge).is_err());
    }
    // Nothing by a lot is nothing.
    let shape = WeightShape { outputs: 0, inputs: huge };
    let weights = FourBitWeights::new(shape, FourBitFormat::Scale, &[]).unwrap();
    assert_eq!(weights.row(0).count(), 0);
    assert!(weights.check_scales().is_ok());
    let none = Activations::from_bytes(0, huge, &[]).unwrap();
    weights.multiply(Processor::best(), none, &mut MatrixMut::new(&mut [], 0, 0).unwrap()).unwrap();
}
