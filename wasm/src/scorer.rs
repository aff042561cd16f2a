//! The class `Scorer` of the module that only scores.

use rlhf_scorer::{Buffer, ModelFile, arena_bytes_with_rows};
use wasm_bindgen::prelude::*;

/// Rows of a product that are computed side by side.
const ROWS: usize = 48;

/// A reward model from one file of `rlhf export`.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Scorer {
    file: ModelFile,
    arena: Buffer,
    context: usize,
}

/// An error as JavaScript sees it: its code and what to do, with a space between.
fn thrown(error: rlhf_scorer::Error) -> JsValue {
    use rlhf_scorer::Error::{
        Checksum, Context, Empty, Header, Length, Magic, NoTokenizer, NotFinite, Shape, Token, Unaligned,
        Version,
    };
    let code = match error {
        Magic | Version { .. } | Length { .. } | Checksum | Header | Shape { .. } | Unaligned | NotFinite => {
            "model"
        }
        Context { .. } => "context",
        Token { .. } => "token",
        NoTokenizer => "no_tokenizer",
        Empty => "empty",
        _ => "other",
    };
    format!("{code} {error}").into()
}

impl Scorer {
    fn with<T>(
        &mut self,
        f: impl FnOnce(&mut rlhf_scorer::Scorer<'_, '_>) -> Result<T, rlhf_scorer::Error>,
    ) -> Result<T, JsValue> {
        let mut scorer =
            rlhf_scorer::Scorer::of(self.file.model(), self.context, &mut self.arena).map_err(thrown)?;
        f(&mut scorer).map_err(thrown)
    }
}

#[wasm_bindgen]
impl Scorer {
    /// Opens a file. `context`: the longest text in tokens, or the model's.
    ///
    /// # Errors
    /// The file is damaged, or the context is longer than the model's.
    #[wasm_bindgen(constructor)]
    pub fn new(bytes: &[u8], context: Option<usize>) -> Result<Scorer, JsValue> {
        let file = ModelFile::new(Buffer::from(bytes)).map_err(thrown)?;
        let shape = file.model().shape();
        let most = shape.context as usize;
        let context = context.unwrap_or(most);
        if context > most {
            return Err(thrown(rlhf_scorer::Error::Context { want: context, context: most }));
        }
        let arena = Buffer::zeros(arena_bytes_with_rows(&shape, context, ROWS));
        Ok(Self { file, arena, context })
    }

    /// The longest text, in tokens.
    #[wasm_bindgen(getter)]
    pub fn context(&self) -> usize {
        self.context
    }

    /// Scores a text, in units of reward.
    ///
    /// # Errors
    /// The text is too long, or the file has no tokenizer.
    pub fn score(&mut self, text: &str) -> Result<f32, JsValue> {
        self.with(|scorer| scorer.score(text))
    }

    /// Scores a reply to a prompt.
    ///
    /// # Errors
    /// As [`Self::score`].
    #[wasm_bindgen(js_name = scoreReply)]
    pub fn score_reply(&mut self, prompt: &str, reply: &str) -> Result<f32, JsValue> {
        self.with(|scorer| scorer.score_reply(prompt, reply))
    }

    /// Scores token ids, as they are.
    ///
    /// # Errors
    /// As [`Self::score`]; a token is outside the vocabulary.
    #[wasm_bindgen(js_name = scoreTokens)]
    pub fn score_tokens(&mut self, tokens: &[u32]) -> Result<f32, JsValue> {
        self.with(|scorer| scorer.score_tokens(tokens))
    }

    /// The probability that people prefer `a` to `b`.
    ///
    /// # Errors
    /// As [`Self::score`].
    pub fn compare(&mut self, a: &str, b: &str) -> Result<f32, JsValue> {
        self.with(|scorer| scorer.compare(a, b))
    }

    /// The probability that people prefer reply `a` to reply `b`, both to one prompt.
    ///
    /// # Errors
    /// As [`Self::score`].
    #[wasm_bindgen(js_name = compareReplies)]
    pub fn compare_replies(&mut self, prompt: &str, a: &str, b: &str) -> Result<f32, JsValue> {
        self.with(|scorer| scorer.compare_replies(prompt, a, b))
    }
}
