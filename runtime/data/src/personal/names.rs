//! Names by list.

use crate::error::DataError;
use crate::text;
use core::ops::Range;
use std::collections::HashMap;
use std::path::Path;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Names to look for, in any case, their accents composed or not. Whole words only, but for scripts without
/// spaces between words; between the words of a name there may be any white space, a full stop or an
/// apostrophe.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// The names by their first word, as the words that follow; the longest first.
    after: HashMap<String, Vec<Vec<String>>>,
    /// Names of scripts without spaces, by their first letter; the longest first.
    within: HashMap<char, Vec<String>>,
}

/// The largest list, in bytes.
const LARGEST: usize = 1 << 24;
/// The most words of a name, and the most names that begin with the same word: what is compared at each
/// word of a text.
const MOST_WORDS: usize = 8;

impl Names {
    /// Creates the set of these names, without empty ones and words beyond the eighth.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut all = Self::default();
        for name in names {
            if let Some(first) = name.chars().next().filter(|_| name.chars().any(without_spaces)) {
                all.within.entry(first).or_default().push(name.trim_end().to_owned());
                continue;
            }
            let parts = words(name).into_iter().take(MOST_WORDS);
            let mut parts = parts.filter_map(|at| name.get(at)).map(fold);
            if let Some(first) = parts.next() {
                all.after.entry(first).or_default().push(parts.collect());
            }
        }
        for names in all.after.values_mut() {
            names.sort_by(|a, b| b.len().cmp(&a.len()).then(a.cmp(b)));
            names.dedup();
        }
        all.within.values_mut().for_each(|names| names.sort_by_key(|name| core::cmp::Reverse(name.len())));
        all
    }

    /// Reads one name a line; lines that begin with `#` are left out.
    ///
    /// # Errors
    /// The file cannot be read, is no UTF-8, or is longer than 16 MiB.
    pub fn read(path: &Path) -> Result<Self, DataError> {
        let list = text(path, LARGEST)?;
        Ok(Self::new(list.lines().filter(|line| !line.starts_with('#'))))
    }

    /// Returns the places of names.
    pub(super) fn find(&self, text: &str) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        if !self.within.is_empty() {
            for (at, first) in text.char_indices() {
                let names = self.within.get(&first).map(Vec::as_slice).unwrap_or_default();
                let rest = text.get(at..).unwrap_or_default();
                found.extend(
                    names.iter().find(|name| rest.starts_with(*name)).map(|name| at..at + name.len()),
                );
            }
        }
        if self.after.is_empty() {
            return found;
        }
        let words = words(text);
        let folded: Vec<String> =
            words.iter().map(|at| text.get(at.clone()).map(fold).unwrap_or_default()).collect();
        for (i, word) in words.iter().enumerate() {
            let Some(names) = folded.get(i).and_then(|word| self.after.get(word)) else { continue };
            let follows = |name: &&Vec<String>| {
                name.iter().enumerate().all(|(n, want)| {
                    let (Some(last), Some(next)) = (words.get(i + n), words.get(i + n + 1)) else {
                        return false;
                    };
                    let gap = text.get(last.end..next.start).unwrap_or("?");
                    let marks = gap.chars().filter(|c| !c.is_whitespace()).count();
                    marks <= 1
                        && gap.chars().all(|c| c.is_whitespace() || matches!(c, '.' | '\'' | '’'))
                        && folded.get(i + n + 1) == Some(want)
                })
            };
            let end = names.iter().find(follows).and_then(|name| words.get(i + name.len()));
            found.extend(end.map(|last| word.start..last.end));
        }
        found
    }
}

/// Scripts that write words without spaces between them: Chinese, Japanese, Thai, Lao, Khmer, Burmese.
pub(super) fn without_spaces(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
        | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}'
        | '\u{20000}'..='\u{3ffff}')
}

/// A word without its case, its accents decomposed: capitals first, so that `ß` is `ss`.
fn fold(word: &str) -> String {
    word.to_uppercase().to_lowercase().nfd().collect()
}

/// Runs of letters, with the hyphens and apostrophes inside them; a possessive's end is none of it.
fn words(text: &str) -> Vec<Range<usize>> {
    let mut words: Vec<Range<usize>> = Vec::new();
    let mut chars = text.char_indices().peekable();
    let mut begun = None;
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().copied();
        let inside = c == '-' && begun.is_some() && next.is_some_and(|(_, c)| c.is_alphabetic());
        if c.is_alphanumeric() || inside || (is_combining_mark(c) && begun.is_some()) {
            let start = *begun.get_or_insert(at);
            let end = at + c.len_utf8();
            if !next.is_some_and(|(_, c)| c.is_alphanumeric() || c == '-' || is_combining_mark(c)) {
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
