//! Transcripts as the model reads them.

use crate::data::Fit;
use rlhf_core::model::tokenizer::{AnyTokenizer, Tokenizer};

/// Turns texts into `[begin] prompt response [end]`, cut at the front to a greatest length; the
/// begin token, without which the model is lost, stays.
pub(super) struct Transcripts<'a> {
    tokenizer: &'a AnyTokenizer,
    most: usize,
    fit: Fit,
}

impl<'a> Transcripts<'a> {
    /// Of at most `most` tokens.
    pub fn new(tokenizer: &'a AnyTokenizer, most: usize) -> Self {
        let room = most - usize::from(tokenizer.bos().is_some());
        Self { tokenizer, most: room, fit: Fit::new(room) }
    }

    /// A prompt alone.
    pub fn prompt(&mut self, text: &str) -> Vec<u32> {
        let mut tokens = self.tokenizer.encode(text);
        self.fit.one(&mut tokens);
        self.begun(tokens)
    }

    /// A prompt and its response.
    pub fn pair(&mut self, prompt: &str, response: &str) -> (Vec<u32>, Vec<u32>) {
        let mut prompt = self.tokenizer.encode(prompt);
        let mut response = self.tokenizer.encode_continuation(response);
        response.extend(self.tokenizer.eos());
        self.fit.pair(&mut prompt, &mut response);
        (self.begun(prompt), response)
    }

    fn begun(&self, tokens: Vec<u32>) -> Vec<u32> {
        self.tokenizer.bos().into_iter().chain(tokens).collect()
    }

    /// How many transcripts were cut since the last call.
    pub fn cut(&mut self) -> usize {
        core::mem::replace(&mut self.fit, Fit::new(self.most)).cut()
    }
}
