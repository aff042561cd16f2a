//! One token for each word of a closed vocabulary.

use super::{Tokenizer, TokenizerError};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// A closed vocabulary of words, for made-up languages: texts are split at single spaces.
///
/// Ids below `n`, the number of words, are the words in the order given; [`Self::unknown`] is `n`
/// and the end of a text is `n + 1`. `decode(encode(text)) == text` for texts of its words with
/// single spaces between them, and the empty text; any other word becomes the unknown token, which
/// reads U+FFFD.
///
/// ```
/// use rlhf_core::model::tokenizer::{Tokenizer, Words};
/// let words = Words::new(["the", "fox", "ran", "."])?;
/// assert_eq!(words.encode("the fox ran ."), [0, 1, 2, 3]);
/// assert_eq!(words.decode(&[0, 1, 2, 3, 5]), "the fox ran .");
/// assert_eq!(words.encode("the owl"), [0, words.unknown()]);
/// # Ok::<(), rlhf_core::model::tokenizer::TokenizerError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct Words {
    words: Vec<String>,
    /// The ids in the order of their words, for searching.
    sorted: Vec<u32>,
}

impl Words {
    /// A vocabulary of those words.
    ///
    /// # Errors
    /// A word is empty, holds a space, or is there twice; or there are more than 2²⁴.
    pub fn new<W: Into<String>>(words: impl IntoIterator<Item = W>) -> Result<Self, TokenizerError> {
        words.into_iter().map(Into::into).collect::<Vec<String>>().try_into()
    }

    /// The words, by id.
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// The id of a word, if it is one of the vocabulary.
    pub fn id(&self, word: &str) -> Option<u32> {
        let at = self.sorted.binary_search_by(|&id| self.words[id as usize].as_str().cmp(word)).ok()?;
        Some(self.sorted[at])
    }

    /// The token of every word that is not in the vocabulary.
    pub fn unknown(&self) -> u32 {
        self.words.len() as u32
    }
}

impl TryFrom<Vec<String>> for Words {
    type Error = TokenizerError;

    fn try_from(words: Vec<String>) -> Result<Self, TokenizerError> {
        let fault = |id: usize, reason: &str| {
            Err(TokenizerError::new("words", format!("word {id} ({:?})", words[id]), reason))
        };
        if words.len() > super::parts::MOST_TOKENS {
            return fault(super::parts::MOST_TOKENS, "there are more than 2^24 words");
        }
        if let Some(id) = words.iter().position(|w| w.is_empty() || w.contains(' ')) {
            return fault(id, "a word may neither be empty nor hold a space");
        }
        let mut sorted: Vec<u32> = (0..words.len() as u32).collect();
        sorted.sort_by(|&a, &b| words[a as usize].cmp(&words[b as usize]));
        if let Some(pair) = sorted.windows(2).find(|p| words[p[0] as usize] == words[p[1] as usize]) {
            return fault(pair[1] as usize, "the word is in the vocabulary twice");
        }
        Ok(Self { words, sorted })
    }
}

impl From<Words> for Vec<String> {
    fn from(words: Words) -> Self {
        words.words
    }
}

impl Tokenizer for Words {
    fn vocabulary(&self) -> usize {
        self.words.len() + 2
    }

    fn eos(&self) -> Option<u32> {
        Some(self.unknown() + 1)
    }

    fn encode(&self, text: &str) -> Vec<u32> {
        if text.is_empty() {
            return Vec::new();
        }
        text.split(' ').map(|word| self.id(word).unwrap_or(self.unknown())).collect()
    }

    fn decode(&self, ids: &[u32]) -> String {
        let mut text = String::new();
        for &id in ids.iter().filter(|&&id| Some(id) != self.eos()) {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(self.words.get(id as usize).map_or("\u{fffd}", String::as_str));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::string::ToString;

    #[test]
    fn bad_vocabularies_are_refused_by_word() {
        let reason = |words: &[&str]| Words::new(words.iter().copied()).unwrap_err().to_string();
        assert_eq!(reason(&["a", ""]), r#"words, word 1 (""): a word may neither be empty nor hold a space"#);
        assert_eq!(
            reason(&["a b"]),
            r#"words, word 0 ("a b"): a word may neither be empty nor hold a space"#
        );
        assert_eq!(reason(&["a", "b", "a"]), r#"words, word 2 ("a"): the word is in the vocabulary twice"#);
        assert!(
            postcard::from_bytes::<Words>(&postcard::to_allocvec(&["a", "a"].as_slice()).unwrap()).is_err()
        );
    }

    proptest! {
        #[test]
        fn texts_of_its_words_come_back(ids in prop::collection::vec(0u32..4, 0..20)) {
            let words = Words::new(["the", "fox", "ran", "."]).unwrap();
            prop_assert_eq!(words.encode(&words.decode(&ids)), ids);
        }

        #[test]
        fn any_text_and_any_ids_are_survived(text in any::<String>(), ids: std::vec::Vec<u32>) {
            let words = Words::new(["a", "b"]).unwrap();
            prop_assert!(words.encode(&text).iter().all(|&id| (id as usize) < words.vocabulary()));
            words.decode(&ids);
        }
    }
}
