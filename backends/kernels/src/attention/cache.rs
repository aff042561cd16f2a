//! Keys and values in the order that attention reads them.

use super::Heads;
use crate::lanes::WIDTH;

/// The keys and values of one sequence and one key head.
#[derive(Clone, Copy)]
pub struct Cache<'a> {
    keys: &'a [f32],
    values: &'a [f32],
    len: usize,
}

/// The caches of one sequence, by key head; all hold as many tokens.
pub type Caches<'a> = dyn Fn(usize) -> Cache<'a> + 'a;

/// Returns the numbers of the keys of `tokens` tokens: `[tile][head width][16 keys]`.
pub const fn keys_len(heads: Heads, tokens: usize) -> usize {
    tokens.next_multiple_of(WIDTH) * heads.width
}

/// Returns the numbers of the values of `tokens` tokens, rows padded to whole vectors: `[token][vectors · 16]`.
pub const fn values_len(heads: Heads, tokens: usize) -> usize {
    tokens * heads.width.next_multiple_of(WIDTH)
}

impl<'a> Cache<'a> {
    /// Creates the cache of `len` tokens from what [`push`] wrote.
    ///
    /// # Panics
    /// If there are fewer keys or values.
    pub fn new(heads: Heads, keys: &'a [f32], values: &'a [f32], len: usize) -> Self {
        assert!(keys.len() >= keys_len(heads, len) && values.len() >= values_len(heads, len));
        Self { keys, values, len }
    }

    /// Returns the keys in tiles.
    pub fn keys(self) -> &'a [f32] {
        self.keys
    }

    /// Returns the values in rows.
    pub fn values(self) -> &'a [f32] {
        self.values
    }

    /// Returns the number of tokens.
    #[expect(clippy::len_without_is_empty, reason = "attention over no token is not computed")]
    pub fn len(self) -> usize {
        self.len
    }
}

/// Appends the keys and values of key head `kv` of rows of `qkv` to those of `len` tokens. What pads them must be 0
/// before.
///
/// # Panics
/// If `keys` or `values` have no room for them.
pub fn push(heads: Heads, kv: usize, qkv: &[f32], keys: &mut [f32], values: &mut [f32], len: usize) {
    let (width, padded) = (heads.width, heads.vectors() * WIDTH);
    for (row, at) in qkv.chunks_exact(heads.qkv()).zip(len..) {
        let tile = &mut keys[at / WIDTH * width * WIDTH..];
        for (d, &k) in row[heads.key_column(kv)..][..width].iter().enumerate() {
            tile[d * WIDTH + at % WIDTH] = k;
        }
        values[at * padded..][..width].copy_from_slice(&row[heads.value_column(kv)..][..width]);
    }
}
