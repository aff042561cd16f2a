//! Attention of whole sequences.

use super::tensor::{AttentionModuleOptions, Tensor, attention};

/// Attends from each query to the keys up to its own. Burn's kernels hold tiles of the scores where no graph is kept;
/// where one is, Burn has no other way than to keep all of them.
pub(crate) fn causal(q: Tensor<4>, k: Tensor<4>, v: Tensor<4>) -> Tensor<4> {
    let [_, heads, ..] = q.dims();
    let options = AttentionModuleOptions { is_causal: true, ..Default::default() };
    attention(q, shared(k, heads), shared(v, heads), None, None, options)
}

/// Repeats every key head for the query heads that share it.
fn shared(x: Tensor<4>, heads: usize) -> Tensor<4> {
    let [batch, kv_heads, time, width] = x.dims();
    if kv_heads == heads {
        return x;
    }
    let each = heads / kv_heads;
    x.unsqueeze_dim::<5>(2).expand([batch, kv_heads, each, time, width]).reshape([batch, heads, time, width])
}
