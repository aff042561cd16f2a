//! Text to token ids and back.

use alloc::string::String;
use alloc::vec::Vec;

/// Turns text into token ids and back. `decode(encode(text)) == text` for every text.
pub trait Tokenizer {
    /// How many ids there are: `0 .. vocabulary()`.
    fn vocabulary(&self) -> usize;
    /// The token that ends a text.
    fn eos(&self) -> Option<u32>;
    /// The ids of `text`, without a begin or end token.
    fn encode(&self, text: &str) -> Vec<u32>;
    /// The text of `ids`. Special tokens give nothing; bytes that are no UTF-8 give U+FFFD.
    fn decode(&self, ids: &[u32]) -> String;
}
