//! The keys and values of one sequence and one key head, in memory that grows.

use super::Heads;
use alloc::vec::Vec;
use rlhf_kernels::attention::{self, keys_len, push, values_len};

/// The keys and values of one sequence and one key head.
#[derive(Clone, Default)]
pub(crate) struct Cache {
    /// Keys in tiles.
    keys: Vec<f32>,
    /// Values in rows, padded to whole vectors.
    values: Vec<f32>,
    len: usize,
}

impl Cache {
    /// An empty one that can grow to so many tokens where it is.
    pub(crate) fn with_room(heads: Heads, tokens: usize) -> Self {
        let keys = Vec::with_capacity(keys_len(heads, tokens));
        let values = Vec::with_capacity(values_len(heads, tokens));
        Self { keys, values, len: 0 }
    }

    /// The number of tokens.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Drops all tokens. Their memory is kept, with what is in it.
    pub(super) fn clear(&mut self) {
        self.len = 0;
    }

    /// Appends the keys and values of rows of `qkv`.
    pub(super) fn push(&mut self, heads: Heads, kv: usize, qkv: &[f32]) {
        let len = self.len + qkv.len() / heads.qkv();
        self.keys.resize(keys_len(heads, len), 0.0);
        self.values.resize(values_len(heads, len), 0.0);
        push(heads, kv, qkv, &mut self.keys, &mut self.values, self.len);
        self.len = len;
    }

    /// Returns it as kernels read it.
    pub(super) fn view(&self, heads: Heads) -> attention::Cache<'_> {
        attention::Cache::new(heads, &self.keys, &self.values, self.len)
    }
}
