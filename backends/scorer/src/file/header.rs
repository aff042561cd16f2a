//! The header, in postcard's form.

use crate::{Error, Shape};
use serde::{Deserialize, Serialize};

/// What a file says before its tensors.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Header {
    pub(crate) shape: Shape,
    /// Added to the variance in norms.
    pub(crate) epsilon: f32,
    /// Reward per unit of score.
    pub(crate) gain: f32,
    /// The reward of score 0.
    pub(crate) bias: f32,
    pub(crate) tokenizer: TokenizerHeader,
    /// The token that begins a text.
    pub(crate) bos: Option<u32>,
    /// The token that ends a text.
    pub(crate) eos: Option<u32>,
}

/// The sizes of a tokenizer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum TokenizerHeader {
    /// None: token ids are scored.
    None,
    /// A token for each byte.
    Bytes,
    /// A token for each word, and their bytes.
    Words { words: u32, bytes: u32 },
    /// Neighbors that are merged; `longest` is in bytes.
    Bpe { cut: Cut, merges: u32, chars: u32, longest: u32 },
}

/// How a text is cut before neighbors are merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Cut {
    /// Into words, by GPT-2's pattern.
    Words,
    /// Not at all; a text that begins gets a space before it.
    Prefix,
}

impl Header {
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Error> {
        match postcard::take_from_bytes(bytes) {
            Ok((header, [])) => Ok(header),
            _ => Err(Error::Header),
        }
    }
}
