//! The layout of a network's tensors in their list.

use crate::engine::guard::catch_panic;
use crate::engine::padded::matrix;
use crate::tensor::Tensor;
use crate::{Device, EngineError};
use core::ops::Range;
use rlhf_core::model::{self, Architecture};

/// A gain or a matrix, and its bias where the family has one: indices of tensors.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair {
    pub(crate) first: usize,
    pub(crate) bias: Option<usize>,
}

impl Pair {
    /// The places of both, which are neighbors.
    pub(crate) fn span(&self) -> Range<usize> {
        self.first..self.bias.unwrap_or(self.first) + 1
    }
}

#[derive(Clone, Debug)]
pub(crate) struct LayerLayout {
    pub(crate) attention_norm: Pair,
    pub(crate) qkv: Pair,
    pub(crate) attention_out: Pair,
    pub(crate) mlp_norm: Pair,
    pub(crate) mlp_in: Pair,
    pub(crate) mlp_out: Pair,
}

impl LayerLayout {
    /// The places of a layer's tensors, which follow each other.
    pub(crate) fn span(&self) -> Range<usize> {
        self.attention_norm.first..self.mlp_out.span().end
    }
}

/// The tensors of an architecture, in its order, and which of them is what.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    pub(crate) tensors: Vec<model::Tensor>,
    pub(crate) embedding: usize,
    pub(crate) positions: Option<usize>,
    pub(crate) layers: Vec<LayerLayout>,
    pub(crate) norm: Pair,
    /// The embedding where the head is tied to it.
    pub(crate) head: usize,
    pub(crate) scalar: Option<Pair>,
}

impl Layout {
    pub(crate) fn new(a: &Architecture) -> Self {
        let tensors = a.tensors();
        let find = |name: &str| tensors.iter().position(|tensor| tensor.name == name);
        let pair = |name: &str, first: &str| Pair {
            first: find(&format!("{name}.{first}")).unwrap_or_default(),
            bias: find(&format!("{name}.bias")),
        };
        let layers = (0..a.layers)
            .map(|n| {
                let pair = |what: &str, first| pair(&format!("layers.{n}.{what}"), first);
                LayerLayout {
                    attention_norm: pair("attention_norm", "gain"),
                    qkv: pair("qkv", "weight"),
                    attention_out: pair("attention_out", "weight"),
                    mlp_norm: pair("mlp_norm", "gain"),
                    mlp_in: pair("mlp_in", "weight"),
                    mlp_out: pair("mlp_out", "weight"),
                }
            })
            .collect();
        let embedding = find("embedding").unwrap_or_default();
        Self {
            embedding,
            positions: find("positions"),
            layers,
            norm: pair("norm", "gain"),
            head: find("head").unwrap_or(embedding),
            scalar: a.scalar.then(|| pair("scalar", "weight")),
            tensors,
        }
    }

    /// The number of weights.
    pub(crate) fn len(&self) -> usize {
        self.tensors.iter().map(model::Tensor::len).sum()
    }

    /// Weights end to end, one tensor each. Vectors become rows, so that all have two axes.
    ///
    /// # Errors
    /// [`EngineError::Core`] says how many numbers there should be; [`EngineError::Device`].
    pub(crate) fn send(&self, device: &Device, flat: &[f32]) -> Result<Vec<Tensor<2>>, EngineError> {
        crate::engine::check::len("weights", flat.len(), self.len())?;
        let mut rest = flat;
        let mut next = |tensor: &model::Tensor| {
            let (these, others) = rest.split_at(tensor.len());
            rest = others;
            matrix(device, these.to_vec(), tensor.shape.last().copied().unwrap_or(1))
        };
        catch_panic(|| Ok(self.tensors.iter().map(&mut next).collect()))
    }
}
