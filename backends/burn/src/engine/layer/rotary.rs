//! The heads that attention is on.

use super::tensor::Tensor;
use rlhf_core::model::Architecture;

/// The layout of a pass's rows, and the rotary embedding of their heads.
#[derive(Clone)]
pub(crate) struct Rotary {
    pub(crate) batch: usize,
    pub(crate) time: usize,
    /// Cosines and sines, `[batch, 1, time, head_width / 2]`; none where the family has no rotary positions.
    pub(crate) angles: Option<[Tensor<4>; 2]>,
}

impl Rotary {
    /// Splits fused rows into queries, keys and values, `[batch, heads, time, head_width]` each.
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
    pub(super) fn rotate(&self, x: Tensor<4>) -> Tensor<4> {
        let Some([cos, sin]) = &self.angles else { return x };
        let half = x.dims()[3] / 2;
        let (low, high) = (x.clone().narrow(3, 0, half), x.narrow(3, half, half));
        let rotated_low = low.clone() * cos.clone() - high.clone() * sin.clone();
        let rotated_high = high * cos.clone() + low * sin.clone();
        Tensor::cat(vec![rotated_low, rotated_high], 3)
    }
}
