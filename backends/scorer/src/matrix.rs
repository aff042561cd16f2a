//! A matrix of weights in any format.

use crate::{Error, WeightFormat};
use rlhf_kernels::Processor;
use rlhf_kernels::floats::{FloatFormat, FloatWeights, float_bytes};
use rlhf_kernels::quantized::{
    Activations, FourBitFormat, FourBitWeights, Int8Weights, MatrixMut, WeightShape,
};

/// A matrix of weights, a row for each output.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Matrix<'m> {
    Float(FloatWeights<'m>),
    Int8(Int8Weights<'m>),
    Int4(FourBitWeights<'m>),
}

/// The bytes of such a matrix.
pub(crate) const fn matrix_bytes(format: WeightFormat, shape: WeightShape) -> usize {
    match format {
        WeightFormat::F32 => float_bytes(shape, FloatFormat::F32),
        WeightFormat::F16 => float_bytes(shape, FloatFormat::F16),
        WeightFormat::Bf16 => float_bytes(shape, FloatFormat::Bf16),
        WeightFormat::Int8 => shape.int8_bytes(),
        WeightFormat::Int4 => shape.four_bit_bytes(FourBitFormat::ScaleAndMinimum),
    }
}

/// The format of embeddings: rows that are read one by one gain nothing from four bits.
pub(crate) const fn embedding_format(format: WeightFormat) -> WeightFormat {
    match format {
        WeightFormat::Int4 => WeightFormat::Int8,
        other => other,
    }
}

impl<'m> Matrix<'m> {
    pub(crate) fn new(format: WeightFormat, shape: WeightShape, bytes: &'m [u8]) -> Result<Self, Error> {
        Ok(match format {
            WeightFormat::F32 => Self::Float(FloatWeights::new(shape, FloatFormat::F32, bytes)?),
            WeightFormat::F16 => Self::Float(FloatWeights::new(shape, FloatFormat::F16, bytes)?),
            WeightFormat::Bf16 => Self::Float(FloatWeights::new(shape, FloatFormat::Bf16, bytes)?),
            WeightFormat::Int8 => Self::Int8(Int8Weights::new(shape, bytes)?),
            WeightFormat::Int4 => {
                Self::Int4(FourBitWeights::new(shape, FourBitFormat::ScaleAndMinimum, bytes)?)
            }
        })
    }

    fn shape(self) -> WeightShape {
        match self {
            Self::Float(weights) => weights.shape(),
            Self::Int8(weights) => weights.shape(),
            Self::Int4(weights) => weights.shape(),
        }
    }

    /// Writes row `row`.
    pub(crate) fn row(self, row: usize, out: &mut [f32]) -> Result<(), Error> {
        match self {
            Self::Float(weights) => weights.row(row, out)?,
            Self::Int8(weights) => weights.dequantize(row, out)?,
            Self::Int4(weights) => weights.dequantize(row, out)?,
        }
        Ok(())
    }

    /// Writes the product of each of `rows` rows of `x` and each row of weights. `room`: for activations in int8.
    pub(crate) fn multiply(
        self,
        processor: Processor,
        rows: usize,
        x: &[f32],
        room: &mut [u8],
        out: &mut [f32],
    ) -> Result<(), Error> {
        let WeightShape { inputs, outputs } = self.shape();
        let mut out = MatrixMut::new(out, rows, outputs)?;
        if let Self::Float(weights) = self {
            weights.multiply(processor, x, &mut out)?;
            return Ok(());
        }
        let room = room.get_mut(..Activations::bytes(rows, inputs)).unwrap_or_default();
        let activations = Activations::quantize(processor, rows, inputs, x, room)?;
        match self {
            Self::Int8(weights) => weights.multiply(processor, activations, &mut out)?,
            Self::Int4(weights) => weights.multiply(processor, activations, &mut out)?,
            Self::Float(_) => {}
        }
        Ok(())
    }
}
