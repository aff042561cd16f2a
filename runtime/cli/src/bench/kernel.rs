//! Products by one kernel, with factors of each kind, on one thread.

use super::clock::WorkFn;
use super::cost::Cost;
use super::times::Phases;
use core::hint::black_box;
use rlhf::train::TrainError;
use rlhf_core::model::Architecture;
use rlhf_core::random::{Key, Stream};
use rlhf_kernels::product::{Factors, Matrix, Output, Part, Shape, Start, TALL, WIDE};
use rlhf_kernels::product::{blocks, pack_columns, round_rows, thin};
use rlhf_kernels::quantized::{self, Activations, Int8WeightsMut, MatrixMut, WeightShape};
use rlhf_kernels::quantized::{FourBitFormat, FourBitWeightsMut};
use rlhf_kernels::{Processor, peak};

/// Rows of a product with many.
pub(super) const ROWS: usize = 20 * TALL;

/// What a product's factors are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `f32`.
    F32,
    /// `bf16`: both rounded to 16 bits.
    Bf16,
    /// `int8`: weights in 8 bits, activations in 8 bits.
    Int8,
    /// `int4`: weights in 4 bits, activations in 8 bits.
    Int4,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::F32, Self::Bf16, Self::Int8, Self::Int4];

    /// Its name, as its documentation begins.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Bf16 => "bf16",
            Self::Int8 => "int8",
            Self::Int4 => "int4",
        }
    }

    /// The bytes of packed weights.
    fn bytes(self, shape: WeightShape) -> usize {
        match self {
            Self::F32 => 4 * shape.inputs * shape.outputs,
            Self::Bf16 => 2 * shape.inputs * shape.outputs,
            Self::Int8 => shape.int8_bytes(),
            Self::Int4 => shape.four_bit_bytes(FourBitFormat::Scale),
        }
    }

    /// Does some arithmetic in registers, and returns the number of operations.
    pub(super) fn peak(self) -> f64 {
        const ROUNDS: usize = 100_000;
        match self {
            Self::F32 => peak::fused(Processor::best(), Factors::F32, ROUNDS),
            Self::Bf16 => peak::fused(Processor::best(), Factors::Bf16, ROUNDS),
            Self::Int8 | Self::Int4 => peak::int8(Processor::best(), ROUNDS / 10),
        }
    }
}

/// The matrix of an MLP's input.
fn matrix(a: &Architecture) -> WeightShape {
    WeightShape { outputs: a.mlp_columns(), inputs: a.width }
}

/// The cost of `rows` rows of a product: weights come from memory once.
pub(super) fn cost(kind: Kind, rows: usize, a: &Architecture) -> Cost {
    let shape = matrix(a);
    let products = (2 * rows * shape.inputs * shape.outputs) as f64;
    Cost { products, ..Cost::default() }.and_bytes(kind.bytes(shape) as f64)
}

/// A product of `rows` rows with weights that are packed before; activations are rounded or quantized each time.
pub(super) fn prepare(kind: Kind, rows: usize, a: &Architecture) -> Result<Box<WorkFn<'static>>, TrainError> {
    let shape = matrix(a);
    let (x, weights) = (numbers(0, rows * shape.inputs), numbers(1, shape.inputs * shape.outputs));
    match kind {
        Kind::F32 => Ok(floats(Factors::F32, rows, shape, x, &weights)),
        Kind::Bf16 => Ok(floats(Factors::Bf16, rows, shape, x, &weights)),
        Kind::Int8 | Kind::Int4 => {
            integers(kind, rows, shape, x, &weights).map_err(TrainError::role("kernel"))
        }
    }
}

fn floats(
    factors: Factors,
    rows: usize,
    shape: WeightShape,
    x: Vec<f32>,
    weights: &[f32],
) -> Box<WorkFn<'static>> {
    let processor = Processor::best();
    let Shape { m, k, n } = Shape { m: rows, k: shape.inputs, n: shape.outputs };
    let mut panels = vec![0.0; n.next_multiple_of(WIDE) * factors.words(k)];
    pack_columns(processor, factors, Matrix::rows(weights, n), 0..k, 0..n, &mut panels);
    let part = Part { factors, start: Start::Zero, first: 0, k, column: 0, columns: n };
    let mut room = vec![0.0; part.workspace(processor, Matrix::rows(&x, k), m).max(m * factors.padded(k))];
    let mut out = vec![0.0; m * n];
    Box::new(move || {
        let (a, c) = (Matrix::rows(black_box(&x), k), Output { start: out.as_mut_ptr(), row: n });
        // SAFETY: the output is `m` by `n`.
        unsafe {
            if m == 1 {
                let rounded = &mut room[..factors.padded(k)];
                round_rows(processor, factors, 0..1, k, a, rounded);
                let a = Matrix::rows(rounded, factors.padded(k));
                thin(processor, factors, 0..m, 0..n, a, &panels, k, Start::Zero, c);
            } else {
                for row in (0..m).step_by(5 * TALL) {
                    let rows = row..m.min(row + 5 * TALL);
                    blocks(processor, part, rows, 0..n.div_ceil(WIDE), a, &mut room, &panels, c);
                }
            }
        }
        black_box(&mut out);
        Ok(Phases::new())
    })
}

fn integers(
    kind: Kind,
    rows: usize,
    shape: WeightShape,
    x: Vec<f32>,
    weights: &[f32],
) -> Result<Box<WorkFn<'static>>, quantized::Error> {
    let processor = Processor::best();
    let mut packed = vec![0; kind.bytes(shape)];
    match kind {
        Kind::Int4 => {
            let mut to = FourBitWeightsMut::new(shape, FourBitFormat::Scale, &mut packed)?;
            for (output, row) in weights.chunks_exact(shape.inputs).enumerate() {
                to.quantize(output, row)?;
            }
        }
        _ => {
            let mut to = Int8WeightsMut::new(shape, &mut packed)?;
            for (output, row) in weights.chunks_exact(shape.inputs).enumerate() {
                to.quantize(output, row)?;
            }
        }
    }
    let mut room = vec![0; Activations::bytes(rows, shape.inputs)];
    let mut out = vec![0.0; rows * shape.outputs];
    Ok(Box::new(move || {
        let mut once = || {
            let x = Activations::quantize(processor, rows, shape.inputs, black_box(&x), &mut room)?;
            let mut out = MatrixMut::new(&mut out, rows, shape.outputs)?;
            match kind {
                Kind::Int4 => quantized::FourBitWeights::new(shape, FourBitFormat::Scale, &packed)?
                    .multiply(processor, x, &mut out),
                _ => quantized::Int8Weights::new(shape, &packed)?.multiply(processor, x, &mut out),
            }
        };
        once().map_err(TrainError::role("kernel"))?;
        black_box(&mut out);
        Ok(Phases::new())
    }))
}

/// Returns normal numbers.
fn numbers(of: u32, count: usize) -> Vec<f32> {
    let key = Key::new(1, Stream::Data, of);
    (0..count as u32).map(|i| key.normal(0, i) as f32).collect()
}
