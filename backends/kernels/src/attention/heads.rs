//! The sizes of an attention layer.

use crate::lanes::WIDTH;

/// The sizes of one attention layer.
#[derive(Clone, Copy, Default)]
pub struct Heads {
    /// Query heads.
    pub heads: usize,
    /// Key and value heads.
    pub kv_heads: usize,
    /// The width of a head.
    pub width: usize,
    /// 1/√width.
    pub(super) scale: f32,
}

impl Heads {
    /// Creates the sizes of `heads` query heads, `width` wide, that share `kv_heads` key and value heads.
    ///
    /// # Panics
    /// If `kv_heads` does not divide `heads`.
    pub fn new(heads: usize, kv_heads: usize, width: usize) -> Self {
        assert!(kv_heads > 0 && heads.is_multiple_of(kv_heads));
        Self { heads, kv_heads, width, scale: 1.0 / libm::sqrtf(width as f32) }
    }

    /// Returns the query heads that share one key and value head.
    pub fn group(self) -> usize {
        self.heads / self.kv_heads
    }

    /// Returns the columns of a row of queries, keys and values.
    pub fn qkv(self) -> usize {
        (self.heads + 2 * self.kv_heads) * self.width
    }

    /// Returns the columns of a row of outputs.
    pub fn out(self) -> usize {
        self.heads * self.width
    }

    /// Returns the column of a row where the keys of key head `kv` begin.
    pub fn key_column(self, kv: usize) -> usize {
        (self.heads + kv) * self.width
    }

    /// Returns the column of a row where the values of key head `kv` begin.
    pub fn value_column(self, kv: usize) -> usize {
        (self.heads + self.kv_heads + kv) * self.width
    }

    /// Returns a head's width in whole vectors.
    pub fn vectors(self) -> usize {
        self.width.div_ceil(WIDTH)
    }
}
