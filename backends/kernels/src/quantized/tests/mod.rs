//! Tests of quantized products; their oracles are in i64 and f64.

mod activations;
mod bits;
mod error;
mod exact;
mod sizes;
mod weights;

use super::{
    Activations, FourBitFormat, FourBitWeights, FourBitWeightsMut, Int8Weights, Int8WeightsMut, IntegerIsa,
    MatrixMut, WeightShape,
};
use crate::isa::Processor;
use crate::testing::numbers;
use alloc::vec;
use alloc::vec::Vec;

/// A kernel for each instruction set that this processor has; says which it has not.
fn processors() -> Vec<Processor> {
    static SKIPPED: std::sync::Once = std::sync::Once::new();
    let (found, skipped): (Vec<_>, Vec<_>) =
        IntegerIsa::ALL.into_iter().partition(|isa| Processor::PORTABLE.with_integers(*isa).is_some());
    SKIPPED.call_once(|| {
        for isa in skipped {
            std::eprintln!("skipped: this processor has no {} for products of integers", isa.name());
        }
    });
    found.into_iter().filter_map(|isa| Processor::PORTABLE.with_integers(isa)).collect()
}

/// Rows, outputs, inputs: none, one, ragged, whole, and more rows than a tile of any processor has. Miri takes few.
const SHAPES: &[(usize, usize, usize)] =
    if cfg!(miri) { &[(1, 16, 0), (3, 17, 33), (13, 2, 5)] } else { &ALL_SHAPES };

const ALL_SHAPES: [(usize, usize, usize); 14] = [
    (0, 16, 32),
    (1, 0, 32),
    (1, 16, 0),
    (3, 5, 0),
    (1, 1, 1),
    (1, 16, 32),
    (2, 17, 33),
    (3, 15, 31),
    (4, 33, 96),
    (5, 48, 64),
    (7, 3, 100),
    (13, 40, 65),
    (27, 20, 70),
    (30, 16, 288),
];

/// A matrix in one of the formats.
#[derive(Clone, Copy, Debug)]
enum Weights<'a> {
    Int8(Int8Weights<'a>),
    FourBits(FourBitWeights<'a>),
}

/// A name of a format.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Format {
    Int8,
    FourBits(FourBitFormat),
}

const FORMATS: [Format; 3] =
    [Format::Int8, Format::FourBits(FourBitFormat::Scale), Format::FourBits(FourBitFormat::ScaleAndMinimum)];

impl Format {
    fn bytes(self, shape: WeightShape) -> Vec<u8> {
        vec![
            0xaa;
            match self {
                Self::Int8 => shape.int8_bytes(),
                Self::FourBits(format) => shape.four_bit_bytes(format),
            }
        ]
    }

    /// Quantizes a matrix of which each row follows the other.
    fn quantize<'a>(self, shape: WeightShape, w: &[f32], bytes: &'a mut [u8]) -> Weights<'a> {
        let rows = w.chunks(shape.inputs.max(1)).enumerate();
        match self {
            Self::Int8 => {
                let mut to = Int8WeightsMut::new(shape, bytes).unwrap();
                rows.for_each(|(i, row)| to.quantize(i, row).unwrap());
                Weights::Int8(to.finish())
            }
            Self::FourBits(format) => {
                let mut to = FourBitWeightsMut::new(shape, format, bytes).unwrap();
                rows.for_each(|(i, row)| to.quantize(i, row).unwrap());
                Weights::FourBits(to.finish())
            }
        }
    }
}

impl Weights<'_> {
    fn shape(self) -> WeightShape {
        match self {
            Self::Int8(w) => w.shape(),
            Self::FourBits(w) => w.shape(),
        }
    }

    fn panels(self, panels: core::ops::Range<usize>) -> Self {
        match self {
            Self::Int8(w) => Self::Int8(w.panels(panels)),
            Self::FourBits(w) => Self::FourBits(w.panels(panels)),
        }
    }

    fn multiply(
        self,
        processor: Processor,
        activations: Activations<'_>,
        out: &mut MatrixMut<'_>,
    ) -> Result<(), super::Error> {
        match self {
            Self::Int8(w) => w.multiply(processor, activations, out),
            Self::FourBits(w) => w.multiply(processor, activations, out),
        }
    }

    /// Returns the numbers that stand for the weights, row by row.
    fn numbers(self) -> Vec<f32> {
        let WeightShape { outputs, inputs } = self.shape();
        let mut out = vec![f32::NAN; outputs * inputs];
        for (row, out) in out.chunks_mut(inputs.max(1)).enumerate() {
            match self {
                Self::Int8(w) => w.dequantize(row, out).unwrap(),
                Self::FourBits(w) => w.dequantize(row, out).unwrap(),
            }
        }
        out
    }

    /// Returns the product, of which every element was NaN before.
    fn product(self, processor: Processor, activations: Activations<'_>) -> Vec<f32> {
        let (rows, outputs) = (activations.rows(), self.shape().outputs);
        let mut out = vec![f32::NAN; rows * outputs];
        self.multiply(processor, activations, &mut MatrixMut::new(&mut out, rows, outputs).unwrap()).unwrap();
        out
    }
}

/// Returns the numbers that stand for activations, row by row.
fn numbers_of(activations: Activations<'_>) -> Vec<f32> {
    let mut out = vec![f32::NAN; activations.rows() * activations.inputs()];
    for (row, out) in out.chunks_mut(activations.inputs().max(1)).enumerate() {
        activations.dequantize(row, out).unwrap();
    }
    out
}

/// `a·bᵀ` in f64, each with rows of `inputs` numbers.
fn oracle(a: &[f32], b: &[f32], rows: usize, shape: WeightShape) -> Vec<f64> {
    let inputs = shape.inputs;
    let dot = |i: usize, j: usize| {
        (0..inputs).map(|p| f64::from(a[i * inputs + p]) * f64::from(b[j * inputs + p])).sum()
    };
    (0..rows).flat_map(|i| (0..shape.outputs).map(move |j| (i, j))).map(|(i, j)| dot(i, j)).collect()
}

fn bits(x: &[f32]) -> Vec<u32> {
    x.iter().map(|x| x.to_bits()).collect()
}
