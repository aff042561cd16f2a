//! The transformer's body: token ids to the last norm's output.
//!
//! Activations are matrices with a row for each token; only attention sees sequences. The same code runs
//! on the plain device and, for gradients, on the one that keeps a graph.

mod attention;
mod layers;
mod rope;

pub(crate) use attention::{Shape, cached, causal};
pub(crate) use rope::{Rope, Turns};

use crate::Precision;
use crate::masks::Masks;
use crate::weights::Layout;
use burn_tensor::{Int, Tensor};
use rlhf_core::Site;
use rlhf_core::model::Architecture;

/// A network's shape with the tensors of one pass.
pub(crate) struct Network<'a> {
    pub(crate) architecture: &'a Architecture,
    pub(crate) layout: &'a Layout,
    pub(crate) rope: &'a Rope,
    /// What products are computed in.
    pub(crate) precision: Precision,
    pub(crate) weights: Vec<Tensor<2>>,
    /// What is dropped while learning.
    pub(crate) masks: Option<Masks<'a>>,
}

impl Network<'_> {
    /// The same with the layers' matrices in the precision of products already, for many passes.
    pub(crate) fn cast(mut self) -> Self {
        for layer in &self.layout.layers {
            for pair in [layer.qkv, layer.attention_out, layer.mlp_in, layer.mlp_out] {
                self.weights[pair.first].inplace(|weight| weight.cast(self.precision.dtype()));
            }
        }
        self
    }

    /// The last norm's output, `[rows, width]`, for `batch` sequences of equally many rows of `tokens` at
    /// `positions`, both `[rows]`. `attend(layer, queries, keys, values)` is the attention, on and to
    /// `[batch, heads, time, head_width]`.
    pub(crate) fn body(
        &self,
        batch: usize,
        tokens: Tensor<1, Int>,
        positions: Tensor<1, Int>,
        mut attend: impl FnMut(usize, Tensor<4>, Tensor<4>, Tensor<4>) -> Tensor<4>,
    ) -> Tensor<2> {
        let turns = self.turns(batch, positions.clone());
        let mut x = self.embed(tokens, positions);
        for n in 0..self.layout.layers.len() {
            x = self.layer(n, &turns, x, |q, k, v| attend(n, q, k, v));
        }
        self.last(x)
    }

    /// How rows are laid out, and what rotates their heads.
    pub(crate) fn turns(&self, batch: usize, positions: Tensor<1, Int>) -> Turns {
        let [rows] = positions.dims();
        let a = self.architecture;
        let shape = Shape { batch, time: rows / batch, heads: a.heads, kv_heads: a.kv_heads };
        self.rope.at(positions, shape)
    }

    /// What goes into the first layer, `[rows, width]`.
    pub(crate) fn embed(&self, tokens: Tensor<1, Int>, positions: Tensor<1, Int>) -> Tensor<2> {
        let x = self.weights[self.layout.embedding].clone().select(0, tokens);
        let x = match self.layout.positions {
            Some(learned) => x + self.weights[learned].clone().select(0, positions),
            None => x,
        };
        self.drop_out(Site::Embedding, x)
    }

    /// What is kept of `x`, or of its gradient, `[rows, width]`.
    pub(crate) fn drop_out(&self, site: Site, x: Tensor<2>) -> Tensor<2> {
        match &self.masks {
            Some(masks) => masks.apply(site, x),
            None => x,
        }
    }

    /// One layer, from and to `[rows, width]`.
    pub(crate) fn layer(
        &self,
        n: usize,
        turns: &Turns,
        x: Tensor<2>,
        attend: impl FnOnce(Tensor<4>, Tensor<4>, Tensor<4>) -> Tensor<4>,
    ) -> Tensor<2> {
        let (a, layer) = (self.architecture, &self.layout.layers[n]);
        let qkv = self.linear(layer.qkv, self.norm(layer.attention_norm, x.clone()));
        let (q, k, v) = turns.shape.split(qkv, a.head_width);
        let attended = turns.shape.join(attend(turns.turn(q), turns.turn(k), v));
        let out = self.linear(layer.attention_out, attended);
        let x = x + self.drop_out(Site::Attention { layer: n }, out);
        let hidden = self.linear(layer.mlp_in, self.norm(layer.mlp_norm, x.clone()));
        let out = self.linear(layer.mlp_out, layers::activation(a.family, hidden));
        x + self.drop_out(Site::Mlp { layer: n }, out)
    }

    /// The last norm, of the last layer's output.
    pub(crate) fn last(&self, x: Tensor<2>) -> Tensor<2> {
        self.norm(self.layout.norm, x)
    }
}
