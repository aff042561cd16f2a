//! The transformer: rows of a text through one layer.

use crate::file::Model;
use crate::maths::{self, Floats, rows, rows_mut};
use crate::matrix::Matrix;
use crate::memory::{Cache, Stream};
use crate::{Error, Family, Processor};
use rlhf_kernels::memory::floats;

/// The memory of rows that are computed side by side.
pub(crate) struct Rows<'a> {
    /// The residual stream.
    x: &'a mut [f32],
    /// The inputs of products that are about as wide as the stream.
    narrow: &'a mut [f32],
    /// The outputs of products.
    wide: &'a mut [f32],
    /// Activations in int8.
    activations: &'a mut [u8],
}

impl<'a> Rows<'a> {
    pub(crate) fn new(
        x: &'a mut [u8],
        narrow: &'a mut [u8],
        wide: &'a mut [u8],
        activations: &'a mut [u8],
    ) -> Self {
        Self { x: floats(x), narrow: floats(narrow), wide: floats(wide), activations }
    }

    /// The first row of the stream.
    pub(crate) fn first(&mut self, width: usize) -> Result<&mut [f32], Error> {
        part(self.x, width)
    }
}

/// The rows of a layer's output that are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// All.
    All,
    /// The last one.
    Last,
    /// None: keys and values alone.
    None,
}

/// A model that runs, with the memory that it needs.
pub(crate) struct Engine<'p, 'm, 'a, S, C> {
    pub(crate) model: &'p Model<'m>,
    pub(crate) processor: Processor,
    pub(crate) stream: S,
    pub(crate) cache: C,
    pub(crate) rows: Rows<'a>,
}

impl<S: Stream, C: Cache> Engine<'_, '_, '_, S, C> {
    /// Takes `count` rows of the stream from row `at` on through layer `n`. The first is that of token `position`.
    /// `memory`: the layer's place in the cache. With [`Wanted::Last`], the first row of the memory of rows is the output.
    pub(crate) fn layer(
        &mut self,
        n: usize,
        memory: usize,
        position: usize,
        at: usize,
        count: usize,
        wanted: Wanted,
    ) -> Result<(), Error> {
        let (model, shape) = (self.model, &self.model.shape);
        let layer = model.layer(n)?;
        let (width, queries, qkv) = (shape.width(), shape.queries(), shape.qkv());
        let x = part(self.rows.x, count * width)?;
        for (i, x) in rows_mut(x, width).enumerate() {
            self.stream.load(at + i, x);
        }
        let narrow = part(self.rows.narrow, count * width)?;
        norms(self.processor, model, layer.attention_norm, layer.attention_norm_bias, x, narrow);
        let wide = part(self.rows.wide, count * qkv)?;
        product(self.processor, &layer.qkv, layer.qkv_bias, count, narrow, self.rows.activations, wide)?;
        for (i, row) in rows_mut(wide, qkv).enumerate() {
            if shape.family == Family::Llama {
                let turns = model.turns(position + i);
                let heads = rows_mut(row, shape.head_width as usize);
                heads
                    .take((shape.heads + shape.kv_heads) as usize)
                    .for_each(|head| maths::rotate(head, turns));
            }
            self.cache.push(memory, position + i, row.get(queries..).unwrap_or_default())?;
        }
        if wanted == Wanted::None {
            return Ok(());
        }
        let first = if wanted == Wanted::Last { count.saturating_sub(1) } else { 0 };
        let count = count - first;
        let narrow = part(self.rows.narrow, count * queries)?;
        let pairs = rows(wide, qkv).skip(first).zip(rows_mut(narrow, queries));
        for (i, (row, out)) in pairs.enumerate() {
            let queries = row.get(..queries).unwrap_or_default();
            self.cache.attend(memory, position + first + i, queries, out)?;
        }
        if first > 0 {
            let (start, rest) = self.rows.x.split_at_mut_checked(first * width).unwrap_or_default();
            start.iter_mut().zip(rest).for_each(|(to, x)| *to = *x);
        }
        let x = part(self.rows.x, count * width)?;
        let wide = part(self.rows.wide, count * width)?;
        product(
            self.processor,
            &layer.attention_out,
            layer.attention_out_bias,
            count,
            narrow,
            self.rows.activations,
            wide,
        )?;
        maths::add(self.processor, x, wide);
        let narrow = part(self.rows.narrow, count * width)?;
        norms(self.processor, model, layer.mlp_norm, layer.mlp_norm_bias, x, narrow);
        let (hidden, columns) = (shape.hidden as usize, shape.mlp_columns());
        let wide = part(self.rows.wide, count * columns)?;
        product(
            self.processor,
            &layer.mlp_in,
            layer.mlp_in_bias,
            count,
            narrow,
            self.rows.activations,
            wide,
        )?;
        match shape.family {
            Family::Gpt2 => maths::gelu(self.processor, wide),
            Family::Llama => activate(self.processor, wide, hidden),
        }
        let activated = part(self.rows.wide, count * hidden)?;
        let out = part(self.rows.narrow, count * width)?;
        product(
            self.processor,
            &layer.mlp_out,
            layer.mlp_out_bias,
            count,
            activated,
            self.rows.activations,
            out,
        )?;
        maths::add(self.processor, x, out);
        if wanted == Wanted::All {
            for (i, x) in rows(x, width).enumerate() {
                self.stream.store(at + i, x)?;
            }
        }
        Ok(())
    }

    /// The score of the text whose last token's output is in the memory of rows.
    pub(crate) fn head(&mut self) -> Result<f32, Error> {
        let model = self.model;
        let width = model.shape.width();
        let (x, out) = (part(self.rows.x, width)?, part(self.rows.narrow, width)?);
        norms(self.processor, model, model.norm, model.norm_bias, x, out);
        let score = maths::dot(out, model.scalar) + model.scalar_bias;
        if score.is_finite() { Ok(score) } else { Err(Error::NotFinite) }
    }
}

/// Writes the embedding of a token, and of its position.
pub(crate) fn embed(model: &Model<'_>, position: usize, token: u32, x: &mut [f32]) -> Result<(), Error> {
    let vocabulary = model.shape.vocabulary;
    if token >= vocabulary {
        return Err(Error::Token { position, token, vocabulary });
    }
    model.embedding.row(token as usize, x)?;
    if model.shape.family == Family::Gpt2 {
        let positions = model.positions.row(position, x.len());
        x.iter_mut().zip(positions.iter()).for_each(|(x, p)| *x += p);
    }
    Ok(())
}

/// The first numbers of a part of the arena, which has them.
fn part(memory: &mut [f32], numbers: usize) -> Result<&mut [f32], Error> {
    let got = memory.len();
    memory.get_mut(..numbers).ok_or(Error::Arena { want: numbers * 4, got: got * 4 })
}

fn norms(
    processor: Processor,
    model: &Model<'_>,
    gain: Floats<'_>,
    bias: Option<Floats<'_>>,
    x: &[f32],
    out: &mut [f32],
) {
    let (width, epsilon) = (model.shape.width().max(1), model.epsilon);
    processor.run(
        #[inline(always)]
        || {
            for (x, out) in rows(x, width).zip(rows_mut(out, width)) {
                maths::norm(x, gain, bias, epsilon, out);
            }
        },
    );
}

/// `out = x·W + b`.
fn product(
    processor: Processor,
    weights: &Matrix<'_>,
    bias: Option<Floats<'_>>,
    rows: usize,
    x: &[f32],
    room: &mut [u8],
    out: &mut [f32],
) -> Result<(), Error> {
    weights.multiply(processor, rows, x, room, out)?;
    if let Some(bias) = bias {
        maths::add_bias(processor, out, bias);
    }
    Ok(())
}

/// SwiGLU of rows that hold `hidden` gates and as many ups, to rows of `hidden`, one after the other from the start.
fn activate(processor: Processor, rows: &mut [f32], hidden: usize) {
    let count = rows.len().checked_div(2 * hidden).unwrap_or_default();
    for row in 0..count {
        // What is written ends where the row begins, or is its first half.
        if let Some((before, row_and_rest)) = rows.split_at_mut_checked(2 * row * hidden) {
            let Some((gate, rest)) = row_and_rest.split_at_mut_checked(hidden) else { return };
            let up = rest.get(..hidden).unwrap_or_default();
            maths::swiglu(processor, gate, up);
            if let Some(to) = before.get_mut(row * hidden..(row + 1) * hidden) {
                to.iter_mut().zip(&*gate).for_each(|(to, x)| *to = *x);
            }
        }
    }
}
