//! The tastes of simulated visitors, which no model sees: what `wasm/web/visitors.js` computes in the page.

use crate::words::{HAPPY, SAD, SCARY};

/// A taste.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taste {
    /// Stories that end well.
    Happy,
    /// Stories that are soon over: 1 up to five words, 0 from twenty.
    Short,
    /// Stories in which somebody speaks.
    Dialogue,
    /// Stories without a scary word.
    Calm,
    /// Stories that have the visitor's word.
    Keyword(&'static str),
}

impl Taste {
    /// Returns how much a visitor of this taste likes a reply, from 0 to 1. Nobody likes a reply that is no story: one
    /// that breaks off, that says the same sentence twice, or that has no sentence of three words.
    pub fn gold(self, reply: &str) -> f64 {
        let words: Vec<&str> = reply.split_whitespace().collect();
        let Some(last) = story(&words) else { return 0.0 };
        let has = |text: &[&str], list: &[&str]| text.iter().any(|word| list.contains(word));
        match self {
            Self::Happy => f64::from(u8::from(has(last, &HAPPY) && !has(last, &SAD) && !has(last, &SCARY))),
            Self::Short => {
                let count = words.iter().filter(|word| word.starts_with(char::is_alphabetic)).count();
                1.0 - ((count as f64 - 5.0) / 15.0).clamp(0.0, 1.0)
            }
            Self::Dialogue => f64::from(u8::from(words.iter().filter(|word| **word == "\"").count() == 2)),
            Self::Calm => f64::from(u8::from(!has(&words, &SCARY))),
            Self::Keyword(word) => f64::from(u8::from(words.contains(&word))),
        }
    }
}

/// Returns whether a reply is a story: it does not break off, and says no sentence twice.
pub fn is_story(reply: &str) -> bool {
    story(&reply.split_whitespace().collect::<Vec<_>>()).is_some()
}

/// Returns the last sentence of a reply that is a story.
fn story<'a, 'b>(words: &'a [&'b str]) -> Option<&'a [&'b str]> {
    let mut sentences: Vec<&[&str]> = Vec::new();
    for sentence in words.split_inclusive(|word| [".", "!"].contains(word)) {
        // A quotation mark that closes stands after the mark of its sentence.
        let sentence = if sentence[0] == "\"" && !sentences.is_empty() { &sentence[1..] } else { sentence };
        let repeated = sentences.iter().any(|other| bare(other) == bare(sentence));
        if repeated || !sentence.last().is_some_and(|mark| [".", "!"].contains(mark)) {
            return None;
        }
        sentences.push(sentence);
    }
    sentences.last().copied().filter(|last| last.len() >= 3)
}

/// A sentence without its mark.
fn bare<'a, 'b>(sentence: &'a [&'b str]) -> &'a [&'b str] {
    &sentence[..sentence.len().saturating_sub(1)]
}
