//! Scores of a text that grows.

use crate::arena::{Layout, Parts};
use crate::file::Model;
use crate::layer::{Engine, Rows, Wanted, embed};
use crate::memory::{Cache, Compact, CompactStream, Exact, ExactStream, Sizes, Stream};
use crate::{Error, Processor};

/// A reward model over a text that grows: a token costs one token, whatever is before it.
///
/// ```
/// use rlhf_scorer::{Growing, Model, growing_arena_bytes, include_model};
/// let model = Model::new(include_model!("../tests/tiny.rlhf"))?;
/// let mut arena = vec![0; growing_arena_bytes(&model.shape(), 64)];
/// let mut reply = Growing::of(model, 64, &mut arena)?;
/// let scores = [reply.push(72)?, reply.push(105)?];
/// // Another second token.
/// reply.truncate(1);
/// assert_ne!(reply.push(111)?, scores[1]);
/// # Ok::<(), rlhf_scorer::Error>(())
/// ```
#[derive(Debug)]
pub struct Growing<'m, 'a> {
    model: Model<'m>,
    context: usize,
    layout: Layout,
    processor: Processor,
    arena: &'a mut [u8],
    len: usize,
}

impl<'m, 'a> Growing<'m, 'a> {
    /// Opens a model file for texts as long as the model reads. The arena has
    /// [`growing_arena_bytes`](crate::growing_arena_bytes)`(&shape, shape.context)` bytes, or more.
    ///
    /// # Errors
    /// The file is damaged, not aligned or none; [`Error::Arena`].
    pub fn new(model: &'m [u8], arena: &'a mut [u8]) -> Result<Self, Error> {
        let model = Model::new(model)?;
        let context = model.shape.context as usize;
        Self::of(model, context, arena)
    }

    /// Takes a model that was opened before, for texts of at most `context` tokens.
    ///
    /// # Errors
    /// [`Error::Context`] and [`Error::Arena`].
    pub fn of(model: Model<'m>, context: usize, arena: &'a mut [u8]) -> Result<Self, Error> {
        let most = model.shape.context as usize;
        if context > most {
            return Err(Error::Context { want: context, context: most });
        }
        let layout = Layout::new(&model.shape, context, 1, model.shape.layers as usize, 1);
        if arena.len() < layout.bytes() {
            return Err(Error::Arena { want: layout.bytes(), got: arena.len() });
        }
        let processor = model.processor(Processor::best());
        Ok(Self { model, context, layout, processor, arena, len: 0 })
    }

    /// Returns it with another instruction set: see [`Scorer::with_processor`](crate::Scorer::with_processor).
    pub fn with_processor(self, processor: Processor) -> Self {
        Self { processor: self.model.processor(processor), ..self }
    }

    /// Appends a token and scores the text so far: the bits of [`Scorer::score_tokens`](crate::Scorer::score_tokens) on the
    /// same tokens.
    ///
    /// # Errors
    /// [`Error::Context`] where the context is full, [`Error::Token`], [`Error::NotFinite`]. The text stays as it was.
    pub fn push(&mut self, token: u32) -> Result<f32, Error> {
        let score = self.run(token, Wanted::Last)?.ok_or(Error::Empty)?;
        Ok(self.model.reward(score))
    }

    /// Appends tokens without scores, such as those of a prompt.
    ///
    /// # Errors
    /// As [`Self::push`]; the tokens before have been appended.
    pub fn extend(&mut self, tokens: &[u32]) -> Result<(), Error> {
        for token in tokens {
            self.run(*token, Wanted::None)?;
        }
        Ok(())
    }

    /// Goes back to the first `len` tokens; no more than there are.
    pub fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// Returns the number of tokens.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Returns whether there is no token.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Takes a token through all layers, of which `last` is wanted of the last one.
    fn run(&mut self, token: u32, last: Wanted) -> Result<Option<f32>, Error> {
        let (model, position) = (&self.model, self.len);
        if position >= self.context {
            return Err(Error::Context { want: position + 1, context: self.context });
        }
        let (sizes, width) = (Sizes::new(&model.shape, self.context), model.shape.width());
        let parts = self.layout.divide(self.arena)?;
        let Parts { stream, stream_scales, keys, values, key_scales, value_scales, scores, .. } = parts;
        let mut rows = Rows::new(parts.x, parts.narrow, parts.wide, parts.activations);
        embed(model, position, token, rows.first(width)?)?;
        let processor = self.processor;
        let score = if model.shape.weights.integers() {
            let mut stream = CompactStream::new(processor, width, stream, stream_scales);
            stream.store(0, rows.first(width)?)?;
            let cache = Compact::new(
                processor,
                sizes,
                [keys, values],
                [key_scales, value_scales],
                scores,
                parts.tokens,
            );
            one(Engine { model, processor, stream, cache, rows }, position, last)?
        } else {
            let mut stream = ExactStream::new(width, stream);
            stream.store(0, rows.first(width)?)?;
            let cache = Exact::new(processor, sizes, keys, values, scores);
            one(Engine { model, processor, stream, cache, rows }, position, last)?
        };
        self.len += 1;
        Ok(score)
    }
}

/// Takes the stream's one row through all layers.
fn one<S: Stream, C: Cache>(
    mut engine: Engine<'_, '_, '_, S, C>,
    position: usize,
    last: Wanted,
) -> Result<Option<f32>, Error> {
    let layers = engine.model.shape.layers as usize;
    for n in 0..layers {
        let wanted = if n + 1 == layers { last } else { Wanted::All };
        engine.layer(n, n, position, 0, 1, wanted)?;
    }
    if last == Wanted::None { Ok(None) } else { engine.head().map(Some) }
}
