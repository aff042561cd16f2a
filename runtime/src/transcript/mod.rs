//! The token sequences of a row: its prompt and its answers as a model reads them. Training, scoring and
//! generation all have them from here.

#[cfg(feature = "run")]
mod solution;
#[cfg(feature = "run")]
mod text;

#[cfg(feature = "run")]
pub(crate) use solution::line_end;
#[cfg(feature = "run")]
pub(crate) use text::pieces;

use rlhf_core::model::tokenizer::{AnyTokenizer, Tokenizer};
use rlhf_data::Truncation;

/// Builds `[begin] prompt response [end]`, cut to a greatest length as [`Truncation`] does; the begin token,
/// without which the model is lost, stays.
pub(crate) struct Transcripts<'a> {
    tokenizer: &'a AnyTokenizer,
    truncation: Truncation,
    room: usize,
}

impl<'a> Transcripts<'a> {
    /// Builds transcripts of at most `most` tokens.
    pub fn new(tokenizer: &'a AnyTokenizer, most: usize) -> Self {
        let room = most.saturating_sub(usize::from(tokenizer.bos().is_some()));
        Self { tokenizer, truncation: Truncation::new(room), room }
    }

    /// A prompt and all its answers, each of which is read after the same prompt.
    pub fn answers(&mut self, prompt: &str, answers: &[impl AsRef<str>]) -> (Vec<u32>, Vec<Vec<u32>>) {
        let mut prompt = self.tokenizer.encode(prompt);
        let mut answers: Vec<_> = answers.iter().map(|answer| self.ended(answer.as_ref())).collect();
        self.truncation.answers(&mut prompt, &mut answers);
        (begun(self.tokenizer, prompt), answers)
    }

    fn ended(&self, answer: &str) -> Vec<u32> {
        let mut answer = self.tokenizer.encode_continuation(answer);
        answer.extend(self.tokenizer.eos());
        answer
    }

    /// Returns what was cut since the last call.
    pub fn take_counts(&mut self) -> Truncation {
        core::mem::replace(&mut self.truncation, Truncation::new(self.room))
    }
}

#[cfg(feature = "run")]
impl Transcripts<'_> {
    /// A prompt alone.
    pub fn prompt(&mut self, text: &str) -> Vec<u32> {
        let mut tokens = self.tokenizer.encode(text);
        self.truncation.one(&mut tokens);
        begun(self.tokenizer, tokens)
    }

    /// A prompt and its response.
    pub fn pair(&mut self, prompt: &str, response: &str) -> (Vec<u32>, Vec<u32>) {
        let (prompt, mut responses) = self.answers(prompt, &[response]);
        (prompt, responses.pop().unwrap_or_default())
    }
}

/// A prompt to answer, uncut.
pub(crate) fn prompt(tokenizer: &AnyTokenizer, text: &str) -> Vec<u32> {
    begun(tokenizer, tokenizer.encode(text))
}

/// The ids between a prompt and its answer, by which answers are found in plain transcripts.
#[cfg(feature = "run")]
pub(crate) fn answer_mark(tokenizer: &AnyTokenizer) -> Vec<u32> {
    tokenizer.encode(rlhf_data::ASSISTANT)
}

fn begun(tokenizer: &AnyTokenizer, tokens: Vec<u32>) -> Vec<u32> {
    tokenizer.bos().into_iter().chain(tokens).collect()
}
