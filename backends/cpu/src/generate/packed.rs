//! Weights in the order that products with few rows read them.

use crate::Cpu;
use crate::product::{Matrix, Packed};
use crate::weights::{Pair, Weights};
use alloc::vec::Vec;

/// Every matrix of a network, packed: a second copy of the weights.
pub(crate) struct PackedWeights {
    /// The matrices of each layer: queries, keys and values; attention's output; the MLP's input and output.
    pub(super) layers: Vec<[Packed; 4]>,
    pub(super) head: Packed,
}

impl PackedWeights {
    pub(crate) fn new(cpu: &Cpu, weights: &Weights) -> Self {
        let a = &weights.architecture;
        let pack = |pair: &Pair, rows: usize, columns: usize| {
            Packed::new(cpu, Matrix::rows(weights.at(&pair.first), columns), rows, columns)
        };
        let layers = weights.layout.layers.iter().map(|layer| {
            [
                pack(&layer.qkv, a.width, a.qkv()),
                pack(&layer.attention_out, a.heads * a.head_width, a.width),
                pack(&layer.mlp_in, a.width, a.mlp_columns()),
                pack(&layer.mlp_out, a.hidden, a.width),
            ]
        });
        let head = Matrix::rows(weights.at(&weights.layout.head), a.width).transposed();
        Self { layers: layers.collect(), head: Packed::new(cpu, head, a.width, a.vocabulary) }
    }

    /// The number of weights that a step reads.
    pub(super) fn len(&self) -> usize {
        self.matrices().map(Packed::len).sum()
    }

    /// The number of weights of the largest matrix.
    pub(super) fn largest(&self) -> usize {
        self.matrices().map(Packed::len).max().unwrap_or(0)
    }

    fn matrices(&self) -> impl Iterator<Item = &Packed> {
        self.layers.iter().flatten().chain([&self.head])
    }
}
