//! From text to tokens and back.

use super::{Error, Session};
use rlhf_core::model::tokenizer::Tokenizer;
use serde::Serialize;

/// A token of a reply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Token {
    /// Its id.
    pub id: u32,
    /// Its text; empty at the end of a reply.
    pub text: String,
}

impl Session {
    /// Encodes a prompt, which leaves room for a reply.
    pub(super) fn encode_prompt(&self, text: &str) -> Result<Vec<u32>, Error> {
        let tokenizer = &self.tokenizer;
        let tokens: Vec<u32> = tokenizer.bos().into_iter().chain(tokenizer.encode(text)).collect();
        self.check_length(tokens.len() + 1)?;
        if tokens.is_empty() { Err(Error::new("empty", "the prompt has no token")) } else { Ok(tokens) }
    }

    /// Encodes a reply with its end. An empty one is an end alone.
    pub(super) fn encode_reply(&self, prompt: &[u32], text: &str) -> Result<Vec<u32>, Error> {
        let mut tokens = self.tokenizer.encode_continuation(text);
        tokens.extend(self.tokenizer.eos());
        self.check_length(prompt.len() + tokens.len())?;
        Ok(tokens)
    }

    fn check_length(&self, tokens: usize) -> Result<(), Error> {
        let context = self.pretrained.architecture().context;
        if tokens > context {
            let message = format!("{tokens} tokens, and the model reads {context}: shorten the text");
            return Err(Error::new("context", message));
        }
        Ok(())
    }

    /// Returns tokens one by one.
    pub(super) fn tokens(&self, ids: &[u32]) -> Vec<Token> {
        ids.iter().map(|&id| Token { id, text: self.tokenizer.decode_continuation(&[id]) }).collect()
    }
}
