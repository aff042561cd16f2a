//! The transformer's body: token ids to the last norm's output.
//!
//! Activations are matrices with a row for each token; only attention sees sequences.

use crate::Precision;
use crate::engine::layer::{Part, Rotary};
use crate::engine::masks::Masks;
use crate::engine::precision::dtype;
use crate::engine::rope::Rope;
use crate::engine::weights::Layout;
use crate::tensor::{Bool, Int, Tensor, softmax};
use rlhf_core::Site;
use rlhf_core::model::Architecture;

/// A network's shape with the tensors of one pass.
pub(crate) struct Network<'a> {
    pub(crate) architecture: &'a Architecture,
    pub(crate) layout: &'a Layout,
    pub(crate) rope: &'a Rope,
    /// The precision of products.
    pub(crate) precision: Precision,
    pub(crate) weights: Vec<Tensor<2>>,
    /// The masks of dropout while learning.
    pub(crate) masks: Option<Masks<'a>>,
}

impl Network<'_> {
    /// Returns the network with the layers' matrices in the precision of products already, for many passes.
    pub(crate) fn cast(mut self) -> Self {
        for layer in &self.layout.layers {
            for pair in [layer.qkv, layer.attention_out, layer.mlp_in, layer.mlp_out] {
                self.weights[pair.first].inplace(|weight| weight.cast(dtype(self.precision)));
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
        let rotary = self.rope.at(batch, positions.clone());
        let mut x = self.embed(tokens, positions);
        for n in 0..self.layout.layers.len() {
            x = self.layer(n, &rotary, x, |q, k, v| attend(n, q, k, v));
        }
        self.last(x)
    }

    /// Returns the input of the first layer, `[rows, width]`.
    pub(crate) fn embed(&self, tokens: Tensor<1, Int>, positions: Tensor<1, Int>) -> Tensor<2> {
        let x = self.weights[self.layout.embedding].clone().select(0, tokens);
        let x = match self.layout.positions {
            Some(learned) => x + self.weights[learned].clone().select(0, positions),
            None => x,
        };
        match self.masks {
            Some(masks) => x * masks.at(Site::Embedding),
            None => x,
        }
    }

    /// One layer, from and to `[rows, width]`.
    pub(crate) fn layer(
        &self,
        n: usize,
        rotary: &Rotary,
        x: Tensor<2>,
        attend: impl FnOnce(Tensor<4>, Tensor<4>, Tensor<4>) -> Tensor<4>,
    ) -> Tensor<2> {
        let masks = self.masks.map(|masks| masks.of(n));
        self.part().layer(&self.layout.layers[n], rotary, x, masks, attend)
    }

    /// The last norm, of the last layer's output.
    pub(crate) fn last(&self, x: Tensor<2>) -> Tensor<2> {
        self.part().norm(self.layout.norm, x)
    }

    fn part(&self) -> Part<'_> {
        let Self { architecture, precision, weights, .. } = self;
        Part { architecture, precision: *precision, first: 0, weights }
    }
}

/// One query a head, `[batch, heads, 1, head_width]`, over cached keys and values,
/// `[batch, kv_heads, columns, head_width]`, but for those that `hidden`, `[batch, columns]`, leaves out.
pub(crate) fn cached(q: Tensor<4>, k: Tensor<4>, v: Tensor<4>, hidden: Tensor<2, Bool>) -> Tensor<4> {
    let [batch, heads, _, width] = q.dims();
    let [_, kv_heads, columns, _] = k.dims();
    // Heads that share keys are rows of one product.
    let each = heads / kv_heads;
    let scale = 1.0 / (width as f64).sqrt();
    let scores = q.reshape([batch, kv_heads, each, width]).matmul(k.swap_dims(2, 3)).mul_scalar(scale);
    let hidden = hidden.reshape([batch, 1, 1, columns]).expand([batch, kv_heads, each, columns]);
    let weights = softmax(scores.mask_fill(hidden, f32::NEG_INFINITY), 3);
    weights.matmul(v).reshape([batch, heads, 1, width])
}
