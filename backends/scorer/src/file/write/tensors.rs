//! Weights, in the order of the file.

use super::error::WriteError;
use super::new_model::NewModel;
use super::part::append;
use crate::matrix::{embedding_format, matrix_bytes};
use crate::{Family, Shape, WeightFormat};
use alloc::format;
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;
use rlhf_kernels::floats::{FloatFormat, FloatWeightsMut};
use rlhf_kernels::quantized::{Error, FourBitFormat, FourBitWeightsMut, Int8WeightsMut, WeightShape};

/// Appends all tensors of a model.
pub(super) fn write(model: &NewModel<'_>, shape: &Shape, file: &mut Vec<u8>) -> Result<(), WriteError> {
    let tensors = Tensors::new(model)?;
    let a = model.architecture;
    let rows = |tensor: &str, row: usize| {
        let weights = tensors.get(tensor);
        weights[row * a.width..(row + 1) * a.width].to_vec()
    };
    let size = WeightShape { outputs: a.vocabulary, inputs: a.width };
    matrix(file, embedding_format(shape.weights), size, "embedding", |row| rows("embedding", row))?;
    match shape.family {
        Family::Gpt2 => {
            floats(file, &tensors.get("positions")[..shape.context as usize * a.width], "positions")?;
        }
        Family::Llama => floats(file, &turns(shape, a.rope_theta), "positions")?,
    }
    for n in 0..a.layers {
        for (name, part) in [
            ("attention_norm", "gain"),
            ("qkv", "weight"),
            ("attention_out", "weight"),
            ("mlp_norm", "gain"),
            ("mlp_in", "weight"),
            ("mlp_out", "weight"),
        ] {
            let tensor = format!("layers.{n}.{name}.{part}");
            let weights = tensors.get(&tensor);
            if part == "gain" {
                floats(file, weights, &tensor)?;
            } else {
                let outputs = match name {
                    "qkv" => a.qkv(),
                    "mlp_in" => a.mlp_columns(),
                    _ => a.width,
                };
                // They are stored `[in, out]`.
                let column = |row: usize| weights.iter().skip(row).step_by(outputs).copied().collect();
                let size = WeightShape { outputs, inputs: weights.len() / outputs };
                matrix(file, shape.weights, size, &tensor, column)?;
            }
            if shape.family == Family::Gpt2 {
                let tensor = format!("layers.{n}.{name}.bias");
                floats(file, tensors.get(&tensor), &tensor)?;
            }
        }
    }
    floats(file, tensors.get("norm.gain"), "norm.gain")?;
    if shape.family == Family::Gpt2 {
        floats(file, tensors.get("norm.bias"), "norm.bias")?;
    }
    floats(file, tensors.get("scalar.weight"), "scalar.weight")?;
    floats(file, tensors.get("scalar.bias"), "scalar.bias")
}

/// The tensors of a network, by name.
struct Tensors<'a> {
    weights: &'a [f32],
    places: Vec<(alloc::string::String, core::ops::Range<usize>)>,
}

impl<'a> Tensors<'a> {
    fn new(model: &NewModel<'a>) -> Result<Self, WriteError> {
        let (mut places, mut end) = (Vec::new(), 0);
        for tensor in model.architecture.tensors() {
            let start = end;
            end += tensor.len();
            places.push((tensor.name, start..end));
        }
        if model.weights.len() != end {
            return Err(WriteError::Weights { want: end, got: model.weights.len() });
        }
        Ok(Self { weights: model.weights, places })
    }

    /// A tensor that the architecture has.
    fn get(&self, name: &str) -> &'a [f32] {
        let place = self.places.iter().find(|(tensor, _)| tensor == name);
        place.map_or(&[], |(_, range)| &self.weights[range.clone()])
    }
}

/// Writes a row of weights.
type WriteRow<'a> = dyn FnMut(usize, &[f32]) -> Result<(), Error> + 'a;

/// Appends a matrix whose rows are `row(0)`, `row(1)`, ….
fn matrix(
    file: &mut Vec<u8>,
    format: WeightFormat,
    shape: WeightShape,
    tensor: &str,
    row: impl Fn(usize) -> Vec<f32>,
) -> Result<(), WriteError> {
    let mut bytes = vec![0; matrix_bytes(format, shape)];
    // The memory is as large as they want.
    let refused = |_| WriteError::Header;
    let each = |write: &mut WriteRow<'_>| {
        (0..shape.outputs).try_for_each(|i| {
            write(i, &row(i)).map_err(|reason| WriteError::Weight {
                tensor: tensor.to_string(),
                row: i,
                reason,
            })
        })
    };
    match (float(format), format) {
        (Some(format), _) => {
            let mut to = FloatWeightsMut::new(shape, format, &mut bytes).map_err(refused)?;
            each(&mut |i, weights| to.set(i, weights))?;
        }
        (None, WeightFormat::Int8) => {
            let mut to = Int8WeightsMut::new(shape, &mut bytes).map_err(refused)?;
            each(&mut |i, weights| to.quantize(i, weights))?;
        }
        (None, _) => {
            let minimum = FourBitFormat::ScaleAndMinimum;
            let mut to = FourBitWeightsMut::new(shape, minimum, &mut bytes).map_err(refused)?;
            each(&mut |i, weights| to.quantize(i, weights))?;
        }
    }
    append(file, &bytes);
    Ok(())
}

const fn float(format: WeightFormat) -> Option<FloatFormat> {
    match format {
        WeightFormat::F32 => Some(FloatFormat::F32),
        WeightFormat::F16 => Some(FloatFormat::F16),
        WeightFormat::Bf16 => Some(FloatFormat::Bf16),
        WeightFormat::Int8 | WeightFormat::Int4 => None,
    }
}

/// Appends numbers in f32.
fn floats(file: &mut Vec<u8>, numbers: &[f32], tensor: &str) -> Result<(), WriteError> {
    if let Some(column) = numbers.iter().position(|x| !x.is_finite()) {
        let reason = Error::NotFinite { row: 0, column };
        return Err(WriteError::Weight { tensor: tensor.to_string(), row: 0, reason });
    }
    let bytes: Vec<u8> = numbers.iter().flat_map(|x| x.to_le_bytes()).collect();
    append(file, &bytes);
    Ok(())
}

/// The cosines and sines of all positions, so that a microcontroller computes none.
fn turns(shape: &Shape, theta: f32) -> Vec<f32> {
    let width = shape.head_width as usize;
    let mut all = vec![0.0; shape.context as usize * width];
    for (position, turns) in all.chunks_exact_mut(width).enumerate() {
        rlhf_kernels::rope::turns(f64::from(theta), position, turns);
    }
    all
}
