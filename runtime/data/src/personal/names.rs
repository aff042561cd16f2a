//! Names by list.

use crate::error::DataError;
use crate::text;
use core::ops::Range;
use std::collections::HashMap;
use std::path::Path;

/// Names to look for: each as it is written, or in capitals. Whole words only; between the words of a
/// name there may be any white space.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// The names by their first word, as the words that follow; the longest first.
    after: HashMap<String, Vec<Vec<String>>>,
}

/// The largest list, in bytes.
const LARGEST: usize = 1 << 24;
/// The most words of a name, and the most names that begin with the same word: what is compared at each
/// word of a text.
const MOST_WORDS: usize = 8;

impl Names {
    /// These names. Empty ones are left out, and words beyond the eighth.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut after: HashMap<String, Vec<Vec<String>>> = HashMap::new();
        for name in names {
            for name in [name.to_owned(), name.to_uppercase()] {
                let mut words = name.split_whitespace().take(MOST_WORDS).map(str::to_owned);
                if let Some(first) = words.next() {
                    after.entry(first).or_default().push(words.collect());
                }
            }
        }
        for names in after.values_mut() {
            names.sort_by(|a, b| b.len().cmp(&a.len()).then(a.cmp(b)));
            names.dedup();
        }
        Self { after }
    }

    /// One name a line; lines that begin with `#` are left out.
    ///
    /// # Errors
    /// The file cannot be read, is no UTF-8, or is longer than 16 MiB.
    pub fn read(path: &Path) -> Result<Self, DataError> {
        let list = text(path, LARGEST)?;
        Ok(Self::new(list.lines().filter(|line| !line.starts_with('#'))))
    }

    /// Where names are, from left to right.
    pub(super) fn find(&self, text: &str) -> Vec<Range<usize>> {
        if self.after.is_empty() {
            return Vec::new();
        }
        let words = words(text);
        let mut found = Vec::new();
        for (i, word) in words.iter().enumerate() {
            let Some(names) = text.get(word.clone()).and_then(|word| self.after.get(word)) else { continue };
            let follows = |name: &&Vec<String>| {
                name.iter().enumerate().all(|(n, want)| {
                    let (Some(last), Some(next)) = (words.get(i + n), words.get(i + n + 1)) else {
                        return false;
                    };
                    let gap = text.get(last.end..next.start).unwrap_or("?");
                    gap.chars().all(char::is_whitespace) && text.get(next.clone()) == Some(want)
                })
            };
            let end = names.iter().find(follows).and_then(|name| words.get(i + name.len()));
            found.extend(end.map(|last| word.start..last.end));
        }
        found
    }
}

/// Runs of letters, with the hyphens and apostrophes inside them; a possessive's end is none of it.
fn words(text: &str) -> Vec<Range<usize>> {
    let mut words: Vec<Range<usize>> = Vec::new();
    let mut chars = text.char_indices().peekable();
    let mut begun = None;
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().copied();
        let inside = c == '-' && begun.is_some() && next.is_some_and(|(_, c)| c.is_alphabetic());
        if c.is_alphanumeric() || inside {
            let start = *begun.get_or_insert(at);
            let end = at + c.len_utf8();
            if !next.is_some_and(|(_, c)| c.is_alphanumeric() || c == '-') {
                words.push(start..end);
                begun = None;
            }
        } else if let Some(start) = begun.take() {
            words.push(start..at);
        }
    }
    words.extend(begun.map(|start| start..text.len()));
    words
}
