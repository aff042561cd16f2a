//! What is held between layers and between tokens: the residual stream, keys and values.

mod compact;
mod exact;

pub(crate) use compact::{Compact, CompactStream};
pub(crate) use exact::{Exact, ExactStream};

use crate::{Error, Shape};

/// Keys of a tile, whose scores are computed side by side: with fewer, each sum would wait for the one before.
pub(crate) const TILE: usize = 32;

/// The residual stream between two layers.
pub(crate) trait Stream {
    /// Stores row `at`.
    fn store(&mut self, at: usize, x: &[f32]) -> Result<(), Error>;
    /// Loads row `at`.
    fn load(&self, at: usize, x: &mut [f32]);
}

/// Keys and values of a text.
pub(crate) trait Cache {
    /// Stores the keys and values of token `position`, which follow one another in `row`.
    fn push(&mut self, layer: usize, position: usize, row: &[f32]) -> Result<(), Error>;
    /// Attends with all heads of token `position`, whose own keys and values were pushed.
    fn attend(
        &mut self,
        layer: usize,
        position: usize,
        queries: &[f32],
        out: &mut [f32],
    ) -> Result<(), Error>;
}

/// The sizes of a cache: keys lie as `[layer][key head][tile][head width][32 keys]`, values as
/// `[layer][key head][token][head width]`, scales of tokens as `[layer][key head][token]`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    kv_heads: usize,
    group: usize,
    head_width: usize,
    /// Tokens in whole tiles.
    tokens: usize,
    /// 1/√(head width).
    scale: f32,
}

impl Sizes {
    pub(crate) fn new(shape: &Shape, context: usize) -> Self {
        Self {
            kv_heads: shape.kv_heads as usize,
            group: shape.heads.checked_div(shape.kv_heads).unwrap_or_default() as usize,
            head_width: shape.head_width as usize,
            tokens: context.div_ceil(TILE) * TILE,
            scale: 1.0 / libm::sqrtf(shape.head_width as f32),
        }
    }

    /// One head's part of keys, values or scales, each token of which has so many numbers.
    #[inline(always)]
    fn part<T>(self, all: &[T], layer: usize, kv: usize, each: usize) -> &[T] {
        let size = self.tokens * each;
        let start = (layer * self.kv_heads + kv) * size;
        all.get(start..start + size).unwrap_or_default()
    }

    #[inline(always)]
    fn part_mut<T>(self, all: &mut [T], layer: usize, kv: usize, each: usize) -> &mut [T] {
        let size = self.tokens * each;
        let start = (layer * self.kv_heads + kv) * size;
        all.get_mut(start..start + size).unwrap_or_default()
    }

    /// The key of token `position`: its numbers are a tile apart.
    #[inline(always)]
    fn key<T>(self, keys: &mut [T], position: usize) -> impl Iterator<Item = &mut T> {
        let start = position / TILE * TILE * self.head_width + position % TILE;
        keys.get_mut(start..).unwrap_or_default().iter_mut().step_by(TILE).take(self.head_width)
    }

    /// The value of token `position`.
    #[inline(always)]
    fn value<T>(self, values: &mut [T], position: usize) -> &mut [T] {
        let start = position * self.head_width;
        values.get_mut(start..start + self.head_width).unwrap_or_default()
    }
}
