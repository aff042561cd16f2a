//! Byte-pair encoding.

use super::merge::merge;
use super::parts::{Cut, LONGEST, MOST_TOKENS, Parts};
use super::{Merge, Tokenizer, TokenizerError, gpt2, llama2c};
use crate::gpt2_words;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Byte-pair encoding: text becomes single bytes or characters, and neighbors are merged, best
/// rank first (Sennrich et al., arXiv:1508.07909). Every text can be encoded. O(n log n).
///
/// Built from GPT-2's files ([`Self::gpt2`]) or llama2.c's ([`Self::llama2c`]).
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "Parts")]
pub struct Bpe(Parts);

impl Bpe {
    /// GPT-2's byte-level tokenizer from the text of `encoder.json` (token → id; Hugging Face calls
    /// it `vocab.json`) and `vocab.bpe` (`merges.txt`). Tokens that no merge makes are special;
    /// `<|endoftext|>`, if there is one, begins and ends texts.
    ///
    /// # Errors
    /// Names the token or the line that does not fit.
    ///
    /// ```no_run
    /// use rlhf_core::model::tokenizer::{Bpe, Tokenizer};
    /// # let (encoder, merges) = ("", "");
    /// let gpt2 = Bpe::gpt2(encoder, merges)?;
    /// assert_eq!(gpt2.encode("Hello world"), [15496, 995]);
    /// # Ok::<(), rlhf_core::model::tokenizer::TokenizerError>(())
    /// ```
    pub fn gpt2(encoder: &str, merges: &str) -> Result<Self, TokenizerError> {
        gpt2::parse(encoder, merges)?.try_into()
    }

    /// llama2.c's `tokenizer.bin` (`tok512.bin` …): a score and the bytes of each token. Neighbors
    /// that together are a token are merged, best score first; characters without a token become
    /// the byte tokens `<0x00>` to `<0xFF>`; a text that begins gets a space before it. Tokens 1
    /// and 2 begin and end texts.
    ///
    /// # Errors
    /// Names the token and the byte offset that do not fit.
    pub fn llama2c(file: &[u8]) -> Result<Self, TokenizerError> {
        llama2c::parse(file)?.try_into()
    }

    /// Returns the tokenizer with `count` tokens at least, of which those beyond its own are special and stand for
    /// no text, and with other tokens that begin and end texts: of several `ends`, texts to learn from end with the
    /// first, and responses with any.
    ///
    /// # Errors
    /// `bos` or one of `ends` is outside the vocabulary, or there are more than 2^24 tokens.
    pub fn with_special(self, count: usize, bos: Option<u32>, ends: &[u32]) -> Result<Self, TokenizerError> {
        let mut parts = self.0;
        if count > MOST_TOKENS {
            return Err(TokenizerError::new("bpe", format!("{count} tokens"), "there are more than 2^24"));
        }
        parts.tokens.resize(count.max(parts.tokens.len()), Vec::new());
        let (eos, others) = ends.split_first().map_or((None, &[][..]), |(eos, others)| (Some(*eos), others));
        Parts { bos, eos, other_ends: others.to_vec(), ..parts }.try_into()
    }

    /// Returns the tokenizer with the files that it was read from, by name. It encodes as before; a model that is saved with
    /// it has these files again, for other programs.
    pub fn with_files(self, files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Self {
        Self(Parts { files: files.into_iter().collect(), ..self.0 })
    }

    /// The files that it was read from, by name, where there are any.
    pub fn files(&self) -> &[(String, Vec<u8>)] {
        &self.0.files
    }

    /// Returns the tables by which it encodes, for another program's tokenizer.
    pub fn tables(&self) -> BpeTables<'_> {
        let Parts { merges, bytes, chars, cut, tokens, .. } = &self.0;
        let longest = tokens.iter().map(Vec::len).max().unwrap_or_default();
        BpeTables { words: *cut == Cut::Words, bytes, chars, merges, longest }
    }

    /// The bytes of a token: none for a special one, `None` outside the vocabulary.
    pub fn token(&self, id: u32) -> Option<&[u8]> {
        self.0.tokens.get(id as usize).map(Vec::as_slice)
    }

    /// Appends the ids of one uncut piece of text.
    fn encode_piece(&self, text: &str, out: &mut Vec<u32>) {
        let mut ids = Vec::with_capacity(text.len());
        let mut buffer = [0; 4];
        for c in text.chars() {
            match self.0.chars.binary_search_by_key(&c, |&(c, _)| c) {
                Ok(at) => ids.push(self.0.chars[at].1),
                Err(_) => {
                    ids.extend(c.encode_utf8(&mut buffer).bytes().map(|b| self.0.bytes[usize::from(b)]));
                }
            }
        }
        merge(&self.0.merges, &mut ids);
        out.append(&mut ids);
    }

    fn decode_bytes(&self, ids: &[u32]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for &id in ids {
            bytes.extend_from_slice(self.token(id).unwrap_or("\u{fffd}".as_bytes()));
        }
        bytes
    }
}

/// The tables by which a [`Bpe`] encodes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BpeTables<'a> {
    /// True where text is cut into words by GPT-2's pattern before neighbors are merged; otherwise it is not cut, and a text
    /// that begins gets a space before it.
    pub words: bool,
    /// The token of each of the 256 bytes.
    pub bytes: &'a [u32],
    /// Characters that have a token of their own, in rising order; others begin as their bytes.
    pub chars: &'a [(char, u32)],
    /// Merges, in rising order of `(left, right)`.
    pub merges: &'a [Merge],
    /// The bytes of the longest token.
    pub longest: usize,
}

impl TryFrom<Parts> for Bpe {
    type Error = TokenizerError;

    fn try_from(parts: Parts) -> Result<Self, TokenizerError> {
        let fault = |place: String, reason: &str| Err(TokenizerError::new("bpe", place, reason));
        let bytes_of = |id: u32| parts.tokens.get(id as usize).map(Vec::as_slice);
        if parts.tokens.len() > MOST_TOKENS {
            return fault(format!("{} tokens", parts.tokens.len()), "there are more than 2^24");
        }
        if let Some(id) = parts.tokens.iter().position(|t| t.len() > LONGEST) {
            return fault(format!("token {id}"), "it is longer than 1024 bytes");
        }
        if parts.bytes.len() != 256 {
            return fault("bytes".into(), "each of the 256 bytes needs a token");
        }
        for (byte, &id) in (0..=255u8).zip(&parts.bytes) {
            if bytes_of(id) != Some(&[byte]) {
                return fault(format!("byte {byte:#04x}"), "its token is another text");
            }
        }
        let mut buffer = [0; 4];
        for &(c, id) in &parts.chars {
            if bytes_of(id) != Some(c.encode_utf8(&mut buffer).as_bytes()) {
                return fault(format!("character {c:?}"), "its token is another text");
            }
        }
        if !parts.chars.is_sorted_by(|a, b| a.0 < b.0) {
            return fault("characters".into(), "they are not in order");
        }
        if !parts.merges.is_sorted_by(|a, b| (a.left, a.right) < (b.left, b.right)) {
            return fault("merges".into(), "they are not in order, or one is there twice");
        }
        for m in &parts.merges {
            let fits = match (bytes_of(m.left), bytes_of(m.right), bytes_of(m.id)) {
                (Some(left), Some(right), Some(both)) => {
                    both.len() == left.len() + right.len() && both.starts_with(left) && both.ends_with(right)
                }
                _ => false,
            };
            if !fits {
                let place = format!("merge of {} and {} into {}", m.left, m.right, m.id);
                return fault(place, "the merged token's text is not that of the two");
            }
        }
        for special in parts.bos.into_iter().chain(parts.eos).chain(parts.other_ends.iter().copied()) {
            if bytes_of(special).is_none() {
                return fault(format!("special token {special}"), "it is outside the vocabulary");
            }
        }
        Ok(Self(parts))
    }
}

impl Tokenizer for Bpe {
    fn vocabulary(&self) -> usize {
        self.0.tokens.len()
    }

    fn bos(&self) -> Option<u32> {
        self.0.bos
    }

    fn eos(&self) -> Option<u32> {
        self.0.eos
    }

    fn ends(&self) -> Vec<u32> {
        self.0.eos.into_iter().chain(self.0.other_ends.iter().copied()).collect()
    }

    fn encode(&self, text: &str) -> Vec<u32> {
        match self.0.cut {
            Cut::Prefix if !text.is_empty() => self.encode_continuation(&format!(" {text}")),
            _ => self.encode_continuation(text),
        }
    }

    fn encode_continuation(&self, text: &str) -> Vec<u32> {
        let mut out = Vec::new();
        match self.0.cut {
            Cut::Words => gpt2_words(text).for_each(|word| self.encode_piece(word, &mut out)),
            Cut::Prefix => self.encode_piece(text, &mut out),
        }
        out
    }

    fn decode(&self, ids: &[u32]) -> String {
        let bytes = self.decode_bytes(ids);
        let text = match self.0.cut {
            Cut::Prefix => bytes.strip_prefix(b" ").unwrap_or(&bytes),
            Cut::Words => &bytes,
        };
        String::from_utf8_lossy(text).into_owned()
    }

    fn decode_continuation(&self, ids: &[u32]) -> String {
        String::from_utf8_lossy(&self.decode_bytes(ids)).into_owned()
    }
}
