//! Plain text.

use super::begun;
use rlhf_core::model::tokenizer::{AnyTokenizer, Tokenizer};

/// A text's pieces of at most `length` tokens, each with the token that begins a text; a piece of one token
/// teaches nothing and is left out.
pub(crate) fn pieces(tokenizer: &AnyTokenizer, text: &str, length: usize) -> Vec<Vec<u32>> {
    let length = length.saturating_sub(usize::from(tokenizer.bos().is_some()));
    let tokens = tokenizer.encode(text);
    let pieces = tokens.chunks(length.max(1)).filter(|piece| piece.len() > 1);
    pieces.map(|piece| begun(tokenizer, piece.to_vec())).collect()
}
