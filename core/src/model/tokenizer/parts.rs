//! The parts of a byte-pair encoding, as the readers of files give them.

use super::merge::Merge;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

/// The most tokens a vocabulary may have.
pub(super) const MOST_TOKENS: usize = 1 << 24;
/// The longest token, in bytes, so that a hostile file's merges cost no more than its size allows.
pub(super) const LONGEST: usize = 1024;

/// Parts of a [`Bpe`](super::Bpe), before they are checked.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub(super) struct Parts {
    /// The bytes of each token; none for a special one.
    pub tokens: Vec<Vec<u8>>,
    /// Sorted by `(left, right)`.
    pub merges: Vec<Merge>,
    /// The token of each of the 256 bytes.
    pub bytes: Vec<u32>,
    /// Characters that have a token of their own, sorted; others begin as their bytes.
    pub chars: Vec<(char, u32)>,
    /// The rule by which text is cut before merging.
    pub cut: Cut,
    /// The token that begins a text.
    pub bos: Option<u32>,
    /// The token that ends a text.
    pub eos: Option<u32>,
    /// Other tokens that end a text. Stored files of earlier versions do not have them: they are stored beside it.
    #[serde(skip)]
    pub other_ends: Vec<u32>,
    /// The files that it was read from, by name: stored beside it, too.
    #[serde(skip)]
    pub files: Arc<[(String, Vec<u8>)]>,
}

/// The rule by which text is cut before merging.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) enum Cut {
    /// Into words, by GPT-2's pattern.
    Words,
    /// Not at all, but a text that begins gets a space before it (SentencePiece's dummy prefix).
    Prefix,
}
