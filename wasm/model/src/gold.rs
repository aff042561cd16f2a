//! The tastes of simulated visitors, which no model sees: what `wasm/web/visitors.js` computes in the page.

use crate::words::{DIALOGUE, ENDINGS, HAPPY, SAD, SCARY, TOPICS};

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
    /// that breaks off, that has a sentence which the grammar does not know, or says the same one twice.
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

/// Returns whether a reply is a story.
pub fn is_story(reply: &str) -> bool {
    story(&reply.split_whitespace().collect::<Vec<_>>()).is_some()
}

/// Returns the last sentence of a reply that is a story: all its sentences are built as the grammar builds them, and none is
/// there twice.
fn story<'a, 'b>(words: &'a [&'b str]) -> Option<&'a [&'b str]> {
    let (mut rest, mut last, mut told) = (words, None, Vec::new());
    while !rest.is_empty() {
        let (found, length) =
            templates().enumerate().find_map(|(i, template)| Some((i, length(&template, rest)?)))?;
        if told.contains(&found) {
            return None;
        }
        told.push(found);
        last = rest.get(..length);
        rest = &rest[length..];
    }
    last
}

/// Returns the templates of all sentences: their words, and `{m}` for the mark at the end.
pub fn templates() -> impl Iterator<Item = String> {
    let topics = TOPICS.iter().flat_map(|topic| topic.sentences);
    let endings = ENDINGS.iter().flat_map(|(_, sentences)| *sentences);
    topics.chain(endings).map(|sentence| format!("{sentence} {{m}}")).chain(DIALOGUE.map(String::from))
}

/// The words of the sentence of this build with which a text begins.
fn length(template: &str, words: &[&str]) -> Option<usize> {
    let mut at = 0;
    for part in template.split(' ') {
        let word = *words.get(at)?;
        let named = || word.starts_with(char::is_uppercase).then_some(1);
        at += match part {
            "{S}" if word == "The" => 2,
            "{h}" if word == "the" => 2,
            "{S}" | "{h}" => named()?,
            "{t}" => TOPICS.iter().any(|topic| topic.noun == word).then_some(1)?,
            "{m}" => [".", "!"].contains(&word).then_some(1)?,
            _ => (part == word).then_some(1)?,
        };
        if at > words.len() {
            return None;
        }
    }
    Some(at)
}
