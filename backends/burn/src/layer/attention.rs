//! Attention of whole sequences, and the heads that it is on.

use super::Turns;
use super::tensor::{AttentionModuleOptions, Tensor, attention};
use rlhf_core::model::Architecture;

impl Turns {
    /// Queries, keys and values of fused rows, `[batch, heads, time, head_width]` each.
    pub(super) fn split(&self, qkv: Tensor<2>, a: &Architecture) -> (Tensor<4>, Tensor<4>, Tensor<4>) {
        let (q, kv) = (a.heads, a.kv_heads);
        let all = qkv.reshape([self.batch, self.time, q + 2 * kv, a.head_width]).swap_dims(1, 2);
        (all.clone().narrow(1, 0, q), all.clone().narrow(1, q, kv), all.narrow(1, q + kv, kv))
    }

    /// Heads next to each other again, `[rows, heads · head_width]`.
    pub(super) fn join(&self, all: Tensor<4>) -> Tensor<2> {
        let [_, heads, _, head_width] = all.dims();
        all.swap_dims(1, 2).reshape([self.batch * self.time, heads * head_width])
    }

    /// Rotates heads, `[batch, heads, time, head_width]`, the halves of each against each other.
    pub(super) fn turn(&self, x: Tensor<4>) -> Tensor<4> {
        let Some([cos, sin]) = &self.rotary else { return x };
        let half = x.dims()[3] / 2;
        let (low, high) = (x.clone().narrow(3, 0, half), x.narrow(3, half, half));
        let turned_low = low.clone() * cos.clone() - high.clone() * sin.clone();
        let turned_high = high * cos.clone() + low * sin.clone();
        Tensor::cat(vec![turned_low, turned_high], 3)
    }
}

/// Each query over the keys up to its own. Burn's kernels hold tiles of the scores where no graph is kept;
/// where one is, Burn has no other way than to keep all of them.
pub(crate) fn causal(q: Tensor<4>, k: Tensor<4>, v: Tensor<4>) -> Tensor<4> {
    let [_, heads, ..] = q.dims();
    let options = AttentionModuleOptions { is_causal: true, ..Default::default() };
    attention(q, shared(k, heads), shared(v, heads), None, None, options)
}

/// Every key head as often as query heads share it.
fn shared(x: Tensor<4>, heads: usize) -> Tensor<4> {
    let [batch, kv_heads, time, width] = x.dims();
    if kv_heads == heads {
        return x;
    }
    let each = heads / kv_heads;
    x.unsqueeze_dim::<5>(2).expand([batch, kv_heads, each, time, width]).reshape([batch, heads, time, width])
}
