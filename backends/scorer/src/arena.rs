//! The caller's memory, and how it is divided.

use crate::memory::TILE;
use crate::{Error, Shape};
use rlhf_kernels::quantized::Activations;

/// Rows of a product that are computed side by side in the memory of [`arena_bytes`].
pub const ROWS: usize = 4;
/// Rows that more memory is used for: products take 4, 6 or 12 at a time.
const MORE_ROWS: [usize; 3] = [48, 24, 12];
/// What every part begins at a multiple of.
const UNIT: usize = 16;

/// Returns the bytes that a [`Scorer`](crate::Scorer) of such a model needs for texts of at most `context` tokens,
/// wherever they begin.
pub const fn arena_bytes(shape: &Shape, context: usize) -> usize {
    arena_bytes_with_rows(shape, context, ROWS)
}

/// Returns the bytes with which [`Scorer`](crate::Scorer) computes `rows` rows side by side, from [`ROWS`] to 48: more is faster on
/// a large processor. Scores are the same to the bit.
pub const fn arena_bytes_with_rows(shape: &Shape, context: usize, rows: usize) -> usize {
    Layout::new(shape, context, context, 1, rows).bytes()
}

/// Returns the bytes that a [`Growing`](crate::Growing) needs for texts of at most `context` tokens: the keys and values of
/// all layers.
pub const fn growing_arena_bytes(shape: &Shape, context: usize) -> usize {
    Layout::new(shape, context, 1, shape.layers as usize, 1).bytes()
}

/// The bytes of each part.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    pub(crate) rows: usize,
    stream: usize,
    stream_scales: usize,
    keys: usize,
    values: usize,
    key_scales: usize,
    value_scales: usize,
    scores: usize,
    x: usize,
    narrow: usize,
    wide: usize,
    activations: usize,
}

impl Layout {
    /// Sizes for `held` rows of the residual stream and the keys and values of `layers` layers.
    pub(crate) const fn new(shape: &Shape, context: usize, held: usize, layers: usize, rows: usize) -> Self {
        let integers = shape.weights.integers();
        let tiles = context.div_ceil(TILE).saturating_mul(TILE);
        let cached = shape.keys().saturating_mul(tiles).saturating_mul(layers);
        let scales = (shape.kv_heads as usize).saturating_mul(tiles).saturating_mul(layers);
        let narrow = larger(shape.width(), shape.queries());
        let wide = larger(shape.qkv(), shape.mlp_columns());
        let inputs = larger(narrow, shape.hidden as usize);
        Self {
            rows,
            stream: unit(held.saturating_mul(shape.width()).saturating_mul(if integers { 2 } else { 4 })),
            stream_scales: unit(if integers { held.saturating_mul(4) } else { 0 }),
            keys: unit(cached.saturating_mul(if integers { 1 } else { 4 })),
            values: unit(cached.saturating_mul(if integers { 1 } else { 4 })),
            key_scales: unit(if integers { scales.saturating_mul(2) } else { 0 }),
            value_scales: unit(if integers { scales.saturating_mul(2) } else { 0 }),
            scores: unit(tiles.saturating_mul(4)),
            x: unit(rows.saturating_mul(shape.width()).saturating_mul(4)),
            narrow: unit(rows.saturating_mul(narrow).saturating_mul(4)),
            wide: unit(rows.saturating_mul(wide).saturating_mul(4)),
            activations: unit(if integers { Activations::bytes(rows, inputs) } else { 0 }),
        }
    }

    /// The largest for whole texts that an arena has room for.
    pub(crate) fn whole(shape: &Shape, context: usize, arena: usize) -> Self {
        let fits = |rows: &usize| Self::new(shape, context, context, 1, *rows).bytes() <= arena;
        let rows = MORE_ROWS.into_iter().find(fits).unwrap_or(ROWS);
        Self::new(shape, context, context, 1, rows)
    }

    /// All bytes, and those before the first multiple of 16.
    pub(crate) const fn bytes(&self) -> usize {
        (UNIT - 1)
            .saturating_add(self.texts())
            .saturating_add(self.scores.saturating_mul(2))
            .saturating_add(self.x)
            .saturating_add(self.narrow)
            .saturating_add(self.wide)
            .saturating_add(self.activations)
    }

    /// The bytes that are free while a text is cut into tokens.
    const fn texts(&self) -> usize {
        self.stream
            .saturating_add(self.stream_scales)
            .saturating_add(self.keys)
            .saturating_add(self.values)
            .saturating_add(self.key_scales)
            .saturating_add(self.value_scales)
    }

    /// Divides an arena.
    pub(crate) fn divide<'a>(&self, arena: &'a mut [u8]) -> Result<Parts<'a>, Error> {
        let mut rest = self.aligned(arena)?;
        Ok(Parts {
            stream: take(&mut rest, self.stream)?,
            stream_scales: take(&mut rest, self.stream_scales)?,
            keys: take(&mut rest, self.keys)?,
            values: take(&mut rest, self.values)?,
            key_scales: take(&mut rest, self.key_scales)?,
            value_scales: take(&mut rest, self.value_scales)?,
            scores: take(&mut rest, self.scores)?,
            tokens: take(&mut rest, self.scores)?,
            x: take(&mut rest, self.x)?,
            narrow: take(&mut rest, self.narrow)?,
            wide: take(&mut rest, self.wide)?,
            activations: take(&mut rest, self.activations)?,
        })
    }

    /// Divides an arena for cutting a text: memory to work in, and where its tokens belong.
    pub(crate) fn divide_for_text<'a>(
        &self,
        arena: &'a mut [u8],
    ) -> Result<(&'a mut [i32], &'a mut [i32]), Error> {
        let mut rest = self.aligned(arena)?;
        let work = take(&mut rest, self.texts())?;
        take(&mut rest, self.scores)?;
        let tokens = take(&mut rest, self.scores)?;
        Ok((rlhf_kernels::memory::integers(work), rlhf_kernels::memory::integers(tokens)))
    }

    /// The arena from its first multiple of 16 on.
    fn aligned<'a>(&self, arena: &'a mut [u8]) -> Result<&'a mut [u8], Error> {
        let (want, got) = (self.bytes(), arena.len());
        let skipped = arena.as_ptr().align_offset(UNIT);
        match arena.split_at_mut_checked(skipped) {
            Some((_, rest)) if got >= want => Ok(rest),
            _ => Err(Error::Arena { want, got }),
        }
    }
}

/// An arena's parts, in order.
pub(crate) struct Parts<'a> {
    /// The residual stream.
    pub(crate) stream: &'a mut [u8],
    pub(crate) stream_scales: &'a mut [u8],
    pub(crate) keys: &'a mut [u8],
    pub(crate) values: &'a mut [u8],
    pub(crate) key_scales: &'a mut [u8],
    pub(crate) value_scales: &'a mut [u8],
    /// A row of attention.
    pub(crate) scores: &'a mut [u8],
    /// The text's tokens until they are embedded, then a row of attention in integers.
    pub(crate) tokens: &'a mut [u8],
    /// The rows that are computed.
    pub(crate) x: &'a mut [u8],
    pub(crate) narrow: &'a mut [u8],
    pub(crate) wide: &'a mut [u8],
    pub(crate) activations: &'a mut [u8],
}

/// Takes the first bytes of what is left.
fn take<'a>(rest: &mut &'a mut [u8], bytes: usize) -> Result<&'a mut [u8], Error> {
    let got = rest.len();
    let (part, left) =
        core::mem::take(rest).split_at_mut_checked(bytes).ok_or(Error::Arena { want: bytes, got })?;
    *rest = left;
    Ok(part)
}

const fn unit(bytes: usize) -> usize {
    bytes.saturating_add(UNIT - 1) & !(UNIT - 1)
}

const fn larger(a: usize, b: usize) -> usize {
    if a > b { a } else { b }
}
