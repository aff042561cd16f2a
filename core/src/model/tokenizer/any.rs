//! Any tokenizer that can be stored with a model.

use super::{Bpe, Bytes, Tokenizer, Words};
use alloc::string::String;
use alloc::vec::Vec;

/// A tokenizer as a model folder stores it. What is read back has been checked.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnyTokenizer {
    /// One token for each byte.
    Bytes(Bytes),
    /// One token for each word.
    Words(Words),
    /// Merged byte sequences.
    Bpe(Bpe),
}

impl AnyTokenizer {
    fn inner(&self) -> &dyn Tokenizer {
        match self {
            Self::Bytes(t) => t,
            Self::Words(t) => t,
            Self::Bpe(t) => t,
        }
    }
}

impl From<Bytes> for AnyTokenizer {
    fn from(t: Bytes) -> Self {
        Self::Bytes(t)
    }
}

impl From<Words> for AnyTokenizer {
    fn from(t: Words) -> Self {
        Self::Words(t)
    }
}

impl From<Bpe> for AnyTokenizer {
    fn from(t: Bpe) -> Self {
        Self::Bpe(t)
    }
}

impl Tokenizer for AnyTokenizer {
    fn vocabulary(&self) -> usize {
        self.inner().vocabulary()
    }

    fn bos(&self) -> Option<u32> {
        self.inner().bos()
    }

    fn eos(&self) -> Option<u32> {
        self.inner().eos()
    }

    fn ends(&self) -> Vec<u32> {
        self.inner().ends()
    }

    fn encode(&self, text: &str) -> Vec<u32> {
        self.inner().encode(text)
    }

    fn decode(&self, ids: &[u32]) -> String {
        self.inner().decode(ids)
    }

    fn encode_continuation(&self, text: &str) -> Vec<u32> {
        self.inner().encode_continuation(text)
    }

    fn decode_continuation(&self, ids: &[u32]) -> String {
        self.inner().decode_continuation(ids)
    }
}
