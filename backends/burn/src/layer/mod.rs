//! One layer, and the last norm: all that is pulled back through a graph.
//!
//! Its tensors are those of the module beside it, [`super::tensor`], so that the same files serve where
//! tensors that keep a graph are of another type.

mod attention;
mod parts;

pub(crate) use attention::causal;

use super::tensor::{self, Tensor};
use crate::Precision;
use crate::weights::LayerLayout;
use rlhf_core::model::Architecture;

/// Some of a network's tensors, which follow each other.
#[derive(Clone, Copy)]
pub(crate) struct Part<'a> {
    pub(crate) architecture: &'a Architecture,
    /// What products are computed in.
    pub(crate) precision: Precision,
    /// The place of the first of them in the network.
    pub(crate) first: usize,
    pub(crate) weights: &'a [Tensor<2>],
}

/// How the rows of a pass are laid out, and what rotates their heads.
#[derive(Clone)]
pub(crate) struct Turns {
    pub(crate) batch: usize,
    pub(crate) time: usize,
    /// Cosines and sines, `[batch, 1, time, head_width / 2]`; none where the family has no rotary positions.
    pub(crate) rotary: Option<[Tensor<4>; 2]>,
}

impl Part<'_> {
    /// One layer, from and to `[rows, width]`. `attend(queries, keys, values)` is the attention, on and to
    /// `[batch, heads, time, head_width]`. `masks` are what the two branches' outputs are multiplied by, where
    /// something is dropped.
    pub(crate) fn layer(
        &self,
        layer: &LayerLayout,
        turns: &Turns,
        x: Tensor<2>,
        masks: Option<[Tensor<2>; 2]>,
        attend: impl FnOnce(Tensor<4>, Tensor<4>, Tensor<4>) -> Tensor<4>,
    ) -> Tensor<2> {
        let [of_attention, of_mlp] = masks.map_or([None, None], |masks| masks.map(Some));
        let a = self.architecture;
        let qkv = self.linear(layer.qkv, self.norm(layer.attention_norm, x.clone()));
        let (q, k, v) = turns.split(qkv, a);
        let attended = turns.join(attend(turns.turn(q), turns.turn(k), v));
        let x = x + kept(self.linear(layer.attention_out, attended), of_attention);
        let hidden = self.linear(layer.mlp_in, self.norm(layer.mlp_norm, x.clone()));
        x + kept(self.linear(layer.mlp_out, parts::activation(a.family, hidden)), of_mlp)
    }

    /// The tensor at `place` in the network.
    fn weight(&self, place: usize) -> Tensor<2> {
        self.weights[place - self.first].clone()
    }
}

fn kept(x: Tensor<2>, mask: Option<Tensor<2>>) -> Tensor<2> {
    match mask {
        Some(mask) => x * mask,
        None => x,
    }
}
