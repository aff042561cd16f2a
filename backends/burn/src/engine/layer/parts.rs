//! The parts of a layer beside attention.

use super::tensor::{DType, Tensor, sigmoid, silu};
use crate::Precision;
use crate::engine::weights::Pair;
use rlhf_core::model::{Architecture, Family};

/// Some of a network's tensors, which follow each other.
#[derive(Clone, Copy)]
pub(crate) struct Part<'a> {
    pub(crate) architecture: &'a Architecture,
    /// The precision of products.
    pub(crate) precision: Precision,
    /// The place of the first of them in the network.
    pub(crate) first: usize,
    pub(crate) weights: &'a [Tensor<2>],
}

impl Part<'_> {
    /// The tensor at `place` in the network.
    fn weight(&self, place: usize) -> Tensor<2> {
        self.weights[place - self.first].clone()
    }

    /// `x·W + b`, the product in the precision of products.
    pub(super) fn linear(&self, pair: Pair, x: Tensor<2>) -> Tensor<2> {
        let dtype = crate::engine::precision::dtype(self.precision);
        let y = x.cast(dtype).matmul(self.weight(pair.first).cast(dtype)).cast(DType::F32);
        match pair.bias {
            Some(bias) => y + self.weight(bias),
            None => y,
        }
    }

    /// Normalizes by LayerNorm, or RMSNorm where there is no bias.
    pub(crate) fn norm(&self, pair: Pair, x: Tensor<2>) -> Tensor<2> {
        let x = match pair.bias {
            Some(_) => x.clone() - x.mean_dim(1),
            None => x,
        };
        let variance = x.clone().square().mean_dim(1);
        let deviation = variance.add_scalar(self.architecture.norm_epsilon).sqrt();
        let y = x / deviation * self.weight(pair.first);
        match pair.bias {
            Some(bias) => y + self.weight(bias),
            None => y,
        }
    }
}

/// GELU by tanh (Hendrycks and Gimpel, arXiv:1606.08415), or SwiGLU (Shazeer, arXiv:2002.05202) of the
/// gate's columns and the others.
pub(super) fn activation(family: Family, x: Tensor<2>) -> Tensor<2> {
    match family {
        Family::Gpt2 => {
            // ½·x·(1 + tanh(u)) = x·σ(2u), and σ has a short gradient.
            let twice = 2.0 * (2.0 / core::f64::consts::PI).sqrt();
            let inner = x.clone().square().mul_scalar(0.044715 * twice).add_scalar(twice) * x.clone();
            x * sigmoid(inner)
        }
        Family::Llama => {
            let [_, columns] = x.dims();
            let hidden = columns / 2;
            silu(x.clone().narrow(1, 0, hidden)) * x.narrow(1, hidden, hidden)
        }
    }
}
