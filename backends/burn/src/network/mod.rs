//! The transformer's body: token ids to the last norm's output.
//!
//! Activations are matrices with a row for each token; only attention sees sequences. The same code runs
//! on the plain device and, for learning, on the one that keeps a graph.

mod attention;
mod layers;
mod rope;

pub(crate) use attention::{Shape, cached, causal};
pub(crate) use rope::Rope;

use crate::weights::Layout;
use burn_tensor::{Int, Tensor};
use rlhf_core::model::Architecture;

/// A network's shape with the tensors of one pass, those of products in what products are computed in.
pub(crate) struct Network<'a> {
    pub(crate) architecture: &'a Architecture,
    pub(crate) layout: &'a Layout,
    pub(crate) rope: &'a Rope,
    pub(crate) weights: Vec<Tensor<2>>,
}

impl Network<'_> {
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
        let (a, layout) = (self.architecture, self.layout);
        let mut x = self.weights[layout.embedding].clone().select(0, tokens);
        if let Some(learned) = layout.positions {
            x = x + self.weights[learned].clone().select(0, positions.clone());
        }
        let [rows, _] = x.dims();
        let shape = Shape { batch, time: rows / batch.max(1), heads: a.heads, kv_heads: a.kv_heads };
        let turns = self.rope.at(positions, shape);
        for (n, layer) in layout.layers.iter().enumerate() {
            let qkv = self.linear(layer.qkv, self.norm(layer.attention_norm, x.clone()));
            let (q, k, v) = shape.split(qkv, a.head_width);
            let (q, k) = (Rope::turn(&turns, q), Rope::turn(&turns, k));
            let attended = shape.join(attend(n, q, k, v));
            x = x + self.linear(layer.attention_out, attended);
            let hidden = self.linear(layer.mlp_in, self.norm(layer.mlp_norm, x.clone()));
            x = x + self.linear(layer.mlp_out, layers::activation(a.family, hidden));
        }
        self.norm(layout.norm, x)
    }
}
