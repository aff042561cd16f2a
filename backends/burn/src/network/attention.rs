//! Attention: whole sequences, or one more token against cached keys and values.

use burn_tensor::activation::softmax;
use burn_tensor::module::attention;
use burn_tensor::ops::AttentionModuleOptions;
use burn_tensor::{Bool, Tensor};

/// How rows are laid out in sequences and heads.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) batch: usize,
    pub(crate) time: usize,
    pub(crate) heads: usize,
    pub(crate) kv_heads: usize,
}

impl Shape {
    /// Queries, keys and values of fused rows, `[batch, heads, time, head_width]` each.
    pub(super) fn split(&self, qkv: Tensor<2>, head_width: usize) -> (Tensor<4>, Tensor<4>, Tensor<4>) {
        let (q, kv) = (self.heads, self.kv_heads);
        let all = qkv.reshape([self.batch, self.time, q + 2 * kv, head_width]).swap_dims(1, 2);
        (all.clone().narrow(1, 0, q), all.clone().narrow(1, q, kv), all.narrow(1, q + kv, kv))
    }

    /// Heads next to each other again, `[rows, heads · head_width]`.
    pub(super) fn join(&self, heads: Tensor<4>) -> Tensor<2> {
        let [.., head_width] = heads.dims();
        heads.swap_dims(1, 2).reshape([self.batch * self.time, self.heads * head_width])
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
