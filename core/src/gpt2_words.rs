//! GPT-2's way of cutting text into words before merging.

use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

/// A class of characters in the pattern: `\p{L}`, `\p{N}`, `\s` and the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Letter,
    Number,
    Space,
    Other,
}

fn class(c: char) -> Class {
    // `char::is_alphabetic` also holds for marks and letter numbers, so the categories are needed.
    match c.general_category_group() {
        _ if c.is_whitespace() => Class::Space,
        GeneralCategoryGroup::Letter => Class::Letter,
        GeneralCategoryGroup::Number => Class::Number,
        _ => Class::Other,
    }
}

/// The length, in bytes, of the characters of one class at the start of `text`.
fn run(text: &str, of: Class) -> usize {
    text.find(|c| class(c) != of).unwrap_or(text.len())
}

/// The length of the first match in `text`, which is not empty, of GPT-2's pattern
/// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`.
fn first(text: &str) -> usize {
    for ending in ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"] {
        if text.starts_with(ending) {
            return ending.len();
        }
    }
    let space = usize::from(text.starts_with(' '));
    if let Some(c) = text[space..].chars().next()
        && class(c) != Class::Space
    {
        return space + run(&text[space..], class(c));
    }
    let spaces = run(text, Class::Space);
    match text[..spaces].chars().next_back() {
        // The last of several spaces before a word is left to that word.
        Some(last) if spaces < text.len() && spaces > last.len_utf8() => spaces - last.len_utf8(),
        _ => spaces,
    }
}

/// Returns the matches of GPT-2's pattern, which cover all of `text`, in linear time: what its tokenizer merges within.
pub fn gpt2_words(mut text: &str) -> impl Iterator<Item = &str> {
    core::iter::from_fn(move || {
        if text.is_empty() {
            return None;
        }
        let (word, rest) = text.split_at(first(text));
        text = rest;
        Some(word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::string::String;
    use std::vec::Vec;

    #[test]
    fn words_are_cut_as_the_pattern_says() {
        for (text, words) in [
            ("Hello world", &["Hello", " world"][..]),
            ("it's we'll 'd x'S", &["it", "'s", " we", "'ll", " '", "d", " x", "'", "S"]),
            ("a  b", &["a", " ", " b"]),
            ("a   ", &["a", "   "]),
            ("a\n\nb", &["a", "\n", "\n", "b"]),
            ("a \n b", &["a", " \n", " b"]),
            ("a \nb", &["a", " ", "\n", "b"]),
            ("x2y ²", &["x", "2", "y", " ²"]),
            ("!'s?", &["!'", "s", "?"]),
            ("\u{a0}a", &["\u{a0}", "a"]),
            // A combining mark is no letter, though `char::is_alphabetic` says so of this one.
            ("a\u{345}b", &["a", "\u{345}", "b"]),
        ] {
            assert_eq!(gpt2_words(text).collect::<Vec<_>>(), words, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn words_cover_the_text(text in any::<String>(), spaced in "[ \n\t'a1!sé]{0,30}") {
            prop_assert_eq!(gpt2_words(&text).collect::<String>(), text);
            prop_assert_eq!(gpt2_words(&spaced).collect::<String>(), spaced);
        }
    }
}
