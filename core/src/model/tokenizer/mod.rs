//! Text to token ids and back.

mod any;
mod bpe;
mod byte;
mod error;
mod gpt2;
mod llama2c;
mod merge;
mod parts;
mod words;

pub use any::AnyTokenizer;
pub use bpe::{Bpe, BpeTables};
pub use byte::Bytes;
pub use error::TokenizerError;
pub use merge::Merge;
pub use words::Words;

use alloc::string::String;
use alloc::vec::Vec;

/// Turns text into token ids and back.
///
/// `decode(encode(text)) == text` for every text, unless the implementation names the texts for
/// which it holds ([`Words`]: those made of its words).
///
/// A transcript is put together from ids: `encode(prompt)`, then `encode_continuation(response)`.
/// Some tokenizers put a space before a text that begins, which must not appear in its middle.
pub trait Tokenizer {
    /// Returns the number of ids, which are `0 .. vocabulary()`.
    fn vocabulary(&self) -> usize;

    /// The token that begins a text, where the model expects one.
    fn bos(&self) -> Option<u32> {
        None
    }

    /// The token that ends a text.
    fn eos(&self) -> Option<u32>;

    /// All tokens at which a response ends: [`Self::eos`] first, with which texts to learn from end.
    fn ends(&self) -> Vec<u32> {
        self.eos().into_iter().collect()
    }

    /// The ids of `text`, without a begin or end token.
    fn encode(&self, text: &str) -> Vec<u32>;

    /// The text of `ids`. Special tokens give nothing; ids outside the vocabulary and bytes that
    /// are no UTF-8 give U+FFFD.
    fn decode(&self, ids: &[u32]) -> String;

    /// The ids of a text that goes on where other ids ended.
    fn encode_continuation(&self, text: &str) -> Vec<u32> {
        self.encode(text)
    }

    /// The text of ids that go on where others ended; undoes [`Self::encode_continuation`].
    fn decode_continuation(&self, ids: &[u32]) -> String {
        self.decode(ids)
    }
}
