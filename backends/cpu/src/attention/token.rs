//! Attention of one token that follows cached ones.

use super::{Cache, Heads};
use crate::Cpu;
use alloc::vec::Vec;
use rlhf_kernels::WIDTH;
use rlhf_kernels::attention::token;

/// The buffers of a token's attention.
#[derive(Default)]
pub(super) struct Token {
    /// `[head][keys]`, in whole vectors.
    weights: Vec<f32>,
    /// `[head][width]`, in whole vectors.
    out: Vec<f32>,
}

impl Token {
    /// The token's `queries` `[heads · width]` to `out`, as long. Its own keys and values are the caches' last.
    pub(super) fn attend(
        &mut self,
        cpu: &Cpu,
        heads: Heads,
        caches: &[Cache],
        queries: &[f32],
        out: &mut [f32],
    ) {
        let keys = caches.first().map_or(0, Cache::len);
        self.weights.resize(heads.heads * keys.next_multiple_of(WIDTH), 0.0);
        self.out.resize(heads.heads * heads.vectors() * WIDTH, 0.0);
        let caches = |kv: usize| caches[kv].view(heads);
        token(cpu.processor(), heads, &caches, queries, &mut self.weights, &mut self.out, out);
    }
}
