//! Scores of whole texts.

use crate::arena::{Layout, Parts};
use crate::file::Model;
use crate::layer::{Engine, Rows, Wanted, embed};
use crate::memory::{Cache, Compact, CompactStream, Exact, ExactStream, Sizes, Stream};
use crate::tokenizer::Ids;
use crate::{Error, Processor, probability};

/// A reward model over texts.
///
/// `'m` is the life of the model file's bytes, which are not copied; `'a` that of the arena.
#[derive(Debug)]
pub struct Scorer<'m, 'a> {
    model: Model<'m>,
    context: usize,
    layout: Layout,
    processor: Processor,
    arena: &'a mut [u8],
}

impl<'m, 'a> Scorer<'m, 'a> {
    /// Opens a model file for texts as long as the model reads. The arena has
    /// [`arena_bytes`](crate::arena_bytes)`(&shape, shape.context)` bytes, or more.
    ///
    /// # Errors
    /// The file is damaged, not aligned or none; [`Error::Arena`].
    pub fn new(model: &'m [u8], arena: &'a mut [u8]) -> Result<Self, Error> {
        let model = Model::new(model)?;
        let context = model.shape.context as usize;
        Self::of(model, context, arena)
    }

    /// Opens a model file for texts of at most `context` tokens: a shorter context needs a smaller arena.
    ///
    /// # Errors
    /// As [`Self::new`]; [`Error::Context`] where the model reads fewer tokens.
    pub fn with_context(model: &'m [u8], context: usize, arena: &'a mut [u8]) -> Result<Self, Error> {
        Self::of(Model::new(model)?, context, arena)
    }

    /// Takes a model that was opened before: its checksum is not computed again.
    ///
    /// # Errors
    /// [`Error::Context`] and [`Error::Arena`].
    pub fn of(model: Model<'m>, context: usize, arena: &'a mut [u8]) -> Result<Self, Error> {
        let most = model.shape.context as usize;
        if context > most {
            return Err(Error::Context { want: context, context: most });
        }
        let layout = Layout::whole(&model.shape, context, arena.len());
        if arena.len() < layout.bytes() {
            return Err(Error::Arena { want: layout.bytes(), got: arena.len() });
        }
        let processor = model.processor(Processor::best());
        Ok(Self { model, context, layout, processor, arena })
    }

    /// Returns it with another instruction set. Models of int8 and 4-bit weights score to the same bits on each; others
    /// have the bits of every processor with [`Processor::PORTABLE`].
    pub fn with_processor(self, processor: Processor) -> Self {
        Self { processor: self.model.processor(processor), ..self }
    }

    /// Returns the model.
    pub fn model(&self) -> &Model<'m> {
        &self.model
    }

    /// Scores a whole text, begun and ended as those that the model learned from. In units of reward: the model's score by
    /// the file's gain and bias.
    ///
    /// # Errors
    /// [`Error::Context`] where it is too long, [`Error::NoTokenizer`] or [`Error::NoGpt2`], and those of
    /// [`Self::score_tokens`].
    pub fn score(&mut self, text: &str) -> Result<f32, Error> {
        let score = self.raw(None, text)?;
        Ok(self.model.reward(score))
    }

    /// Scores a reply to a prompt, put together as in training. In units of reward.
    ///
    /// # Errors
    /// As [`Self::score`].
    pub fn score_reply(&mut self, prompt: &str, reply: &str) -> Result<f32, Error> {
        let score = self.raw(Some(prompt), reply)?;
        Ok(self.model.reward(score))
    }

    /// Scores a reply to a prompt in the units that the model learned in, before gain and bias: what
    /// [`probability`] compares. [`Model::reward`] makes a reward of it.
    ///
    /// # Errors
    /// As [`Self::score`].
    pub fn raw_score_reply(&mut self, prompt: &str, reply: &str) -> Result<f32, Error> {
        self.raw(Some(prompt), reply)
    }

    /// Scores token ids, as they are. In units of reward.
    ///
    /// # Errors
    /// [`Error::Empty`], [`Error::Context`], [`Error::Token`]; [`Error::NotFinite`] for weights that mean nothing.
    pub fn score_tokens(&mut self, tokens: &[u32]) -> Result<f32, Error> {
        let score = self.run(Tokens::Ids(tokens))?;
        Ok(self.model.reward(score))
    }

    /// Returns the probability that people prefer text `a` to text `b`.
    ///
    /// # Errors
    /// As [`Self::score`].
    pub fn compare(&mut self, a: &str, b: &str) -> Result<f32, Error> {
        Ok(probability(self.raw(None, a)?, self.raw(None, b)?))
    }

    /// Returns the probability that people prefer reply `a` to reply `b`.
    ///
    /// # Errors
    /// As [`Self::score`].
    pub fn compare_replies(&mut self, prompt: &str, a: &str, b: &str) -> Result<f32, Error> {
        Ok(probability(self.raw(Some(prompt), a)?, self.raw(Some(prompt), b)?))
    }

    /// Scores several texts. In units of reward.
    ///
    /// # Errors
    /// [`Error::Outputs`], and those of [`Self::score`]: `out` then has the scores of the texts before.
    pub fn scores(&mut self, texts: &[&str], out: &mut [f32]) -> Result<(), Error> {
        if texts.len() != out.len() {
            return Err(Error::Outputs { want: texts.len(), got: out.len() });
        }
        for (text, out) in texts.iter().zip(out) {
            *out = self.score(text)?;
        }
        Ok(())
    }

    /// The model's own score.
    fn raw(&mut self, prompt: Option<&str>, text: &str) -> Result<f32, Error> {
        let (work, room) = self.layout.divide_for_text(self.arena)?;
        let mut ids = Ids::new(room.get_mut(..self.context).unwrap_or_default());
        self.model.tokenizer.transcript(prompt, text, work, &mut ids)?;
        let tokens = Tokens::InArena(ids.len());
        self.run(tokens)
    }

    fn run(&mut self, tokens: Tokens<'_>) -> Result<f32, Error> {
        let (model, context, count) = (&self.model, self.context, tokens.len());
        if count == 0 {
            return Err(Error::Empty);
        }
        if count > context {
            return Err(Error::Context { want: count, context });
        }
        let (sizes, width) = (Sizes::new(&model.shape, context), model.shape.width());
        let parts = self.layout.divide(self.arena)?;
        let Parts { stream, stream_scales, keys, values, key_scales, value_scales, scores, .. } = parts;
        let mut rows = Rows::new(parts.x, parts.narrow, parts.wide, parts.activations);
        let processor = self.processor;
        if model.shape.weights.integers() {
            let mut stream = CompactStream::new(processor, width, stream, stream_scales);
            tokens.embed(model, parts.tokens, &mut stream, rows.first(width)?)?;
            // The tokens have been read: their memory is free.
            let cache = Compact::new(
                processor,
                sizes,
                [keys, values],
                [key_scales, value_scales],
                scores,
                parts.tokens,
            );
            whole(Engine { model, processor, stream, cache, rows }, count, self.layout.rows)
        } else {
            let mut stream = ExactStream::new(width, stream);
            tokens.embed(model, parts.tokens, &mut stream, rows.first(width)?)?;
            let cache = Exact::new(processor, sizes, keys, values, scores);
            whole(Engine { model, processor, stream, cache, rows }, count, self.layout.rows)
        }
    }
}

/// Where a text's tokens are.
enum Tokens<'t> {
    Ids(&'t [u32]),
    /// As many, in the arena.
    InArena(usize),
}

impl Tokens<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Ids(ids) => ids.len(),
            Self::InArena(count) => *count,
        }
    }

    fn embed(
        &self,
        model: &Model<'_>,
        held: &mut [u8],
        stream: &mut impl Stream,
        x: &mut [f32],
    ) -> Result<(), Error> {
        let held = rlhf_kernels::memory::integers(held);
        for position in 0..self.len() {
            let token = match self {
                Self::Ids(ids) => ids.get(position).copied(),
                Self::InArena(_) => held.get(position).map(|id| *id as u32),
            };
            embed(model, position, token.unwrap_or(u32::MAX), x)?;
            stream.store(position, x)?;
        }
        Ok(())
    }
}

/// Takes the stream of `count` tokens through all layers, `each` rows at a time.
fn whole<S: Stream, C: Cache>(
    mut engine: Engine<'_, '_, '_, S, C>,
    count: usize,
    each: usize,
) -> Result<f32, Error> {
    let layers = engine.model.shape.layers as usize;
    for n in 0..layers {
        let mut position = 0;
        while position < count {
            let rows = each.min(count - position);
            let wanted = match (n + 1 == layers, position + rows == count) {
                (false, _) => Wanted::All,
                (true, false) => Wanted::None,
                (true, true) => Wanted::Last,
            };
            engine.layer(n, 0, position, position, rows, wanted)?;
            position += rows;
        }
    }
    engine.head()
}
