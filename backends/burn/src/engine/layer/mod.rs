//! One layer, and the last norm: everything that is pulled back through a graph.
//!
//! Its tensors are those of the module beside it, [`super::tensor`], so that the same files serve where
//! tensors that keep a graph are of another type.

mod attention;
mod parts;
mod rotary;

pub(crate) use attention::causal;
pub(crate) use parts::Part;
pub(crate) use rotary::Rotary;

use super::tensor::{self, Tensor};
use crate::engine::weights::LayerLayout;

impl Part<'_> {
    /// One layer, from and to `[rows, width]`. `attend(queries, keys, values)` is the attention, on and to
    /// `[batch, heads, time, head_width]`. `masks` are what the two branches' outputs are multiplied by, where
    /// something is dropped.
    pub(crate) fn layer(
        &self,
        layer: &LayerLayout,
        rotary: &Rotary,
        x: Tensor<2>,
        masks: Option<[Tensor<2>; 2]>,
        attend: impl FnOnce(Tensor<4>, Tensor<4>, Tensor<4>) -> Tensor<4>,
    ) -> Tensor<2> {
        let [of_attention, of_mlp] = masks.map_or([None, None], |masks| masks.map(Some));
        let a = self.architecture;
        let qkv = self.linear(layer.qkv, self.norm(layer.attention_norm, x.clone()));
        let (q, k, v) = rotary.split(qkv, a);
        let attended = rotary.join(attend(rotary.rotate(q), rotary.rotate(k), v));
        let x = x + apply_mask(self.linear(layer.attention_out, attended), of_attention);
        let hidden = self.linear(layer.mlp_in, self.norm(layer.mlp_norm, x.clone()));
        x + apply_mask(self.linear(layer.mlp_out, parts::activation(a.family, hidden)), of_mlp)
    }
}

fn apply_mask(x: Tensor<2>, mask: Option<Tensor<2>>) -> Tensor<2> {
    match mask {
        Some(mask) => x * mask,
        None => x,
    }
}
