//! Ragged sequences as a rectangle. Padding is born here and dies in the backend: it lies behind each
//! sequence, where causal attention never looks.

use crate::engine::check;
use crate::tensor::{Int, Tensor, TensorData};
use crate::{Device, EngineError};
use rlhf_core::Ragged;
use rlhf_core::model::Architecture;

/// Sequences below each other, each padded at its end to `time` tokens.
pub(crate) struct Padded {
    pub(crate) batch: usize,
    pub(crate) time: usize,
    /// Token ids, `[batch · time]`.
    pub(crate) tokens: Tensor<1, Int>,
    /// Each token's position in its sequence, `[batch · time]`.
    pub(crate) positions: Tensor<1, Int>,
    /// The row of each token of the ragged batch.
    pub(crate) rows: Vec<usize>,
}

impl Padded {
    /// # Errors
    /// [`EngineError::Device`] where the widest activation of its rows does not fit.
    pub(crate) fn new(device: &Device, sequences: Ragged<'_>, a: &Architecture) -> Result<Self, EngineError> {
        // Devices do not like tensors of nothing: an empty batch is a token of padding.
        let batch = sequences.len().max(1);
        let longest = sequences.sequences().map(|(tokens, _)| tokens.len()).max().unwrap_or(1);
        let time = device.padded(longest);
        check::check_memory(&[batch, time, a.qkv().max(a.mlp_columns())])?;
        let mut tokens = vec![0; batch * time];
        let mut rows = Vec::with_capacity(sequences.tokens().len());
        for (i, (sequence, _)) in sequences.sequences().enumerate() {
            let start = i * time;
            for (place, &token) in tokens[start..start + sequence.len()].iter_mut().zip(sequence) {
                *place = token as i32;
            }
            rows.extend(start..start + sequence.len());
        }
        // What is padded beyond the context reads its last position; nobody reads that.
        let positions = (0..batch * time).map(|row| (row % time).min(a.context - 1) as i32).collect();
        Ok(Self { batch, time, tokens: ints(device, tokens), positions: ints(device, positions), rows })
    }
}

/// Copies whole numbers to the device, `[n]`.
pub(crate) fn ints(device: &Device, values: Vec<i32>) -> Tensor<1, Int> {
    let n = values.len();
    Tensor::from_data(TensorData::new(values, [n]), device.inner())
}

/// Rows or other indices on the device, `[n]`.
pub(crate) fn indices(device: &Device, values: impl IntoIterator<Item = usize>) -> Tensor<1, Int> {
    ints(device, values.into_iter().map(|i| i as i32).collect())
}

/// Numbers on the device, `[rows, columns]`.
pub(crate) fn matrix(device: &Device, values: Vec<f32>, columns: usize) -> Tensor<2> {
    let rows = values.len() / columns.max(1);
    Tensor::from_data(TensorData::new(values, [rows, columns]), device.inner())
}
