//! The grammar, as a recognizer. It needs one word of look-ahead and never backtracks.
//!
//! ```text
//! sentence  = [lead] subject predicate ["and" predicate] "."
//! lead      = OPENER "," | "one" ("day" | "night") | "then" | "later"
//! subject   = "it" | ("a" | "the") [MOOD] [ADJECTIVE] ANIMAL
//! predicate = VERB [ADVERB] [where]
//!           | FEEL ["very"] MOOD
//!           | FIND ("a" | "the") [ADJECTIVE] THING
//! where     = ("near" | the place's own preposition) "the" PLACE
//! ```
//!
//! A story is one sentence after another, none twice.

use super::words::{ANIMALS, Kind, MOODS, PLACES, PREPOSITIONS, TONES, kind, word};

/// The content of a story's sentences.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Content {
    pub animals: [bool; ANIMALS.len()],
    pub places: [bool; PLACES.len()],
    pub moods: [bool; MOODS.len()],
    /// The number of words of each tone.
    pub tones: [usize; TONES.len()],
}

impl Content {
    fn note(&mut self, kind: Kind) {
        match kind {
            Kind::Animal(i) => self.animals[i] = true,
            Kind::Place(i) => self.places[i] = true,
            Kind::Mood(i) => self.moods[i] = true,
            Kind::Opener(i) | Kind::Adjective(i) | Kind::Adverb(i) => self.tones[i] += 1,
            _ => {}
        }
    }
}

/// A story, read.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Reading {
    /// The content of its sentences; other words have none.
    pub content: Content,
    /// The share of its sentences that are sentences; one that lacks only its stop counts half.
    /// 0 when there is none.
    pub grammatical: f64,
}

/// Reads a story without its end token.
pub(super) fn read(story: &[u32]) -> Reading {
    let mut content = Content::default();
    let (mut good, mut all) = (0.0, 0.0);
    let mut before: Vec<&[u32]> = Vec::new();
    for sentence in story.split_inclusive(|&id| word(id) == Some(".")) {
        all += 1.0;
        let (body, worth) = match sentence {
            [body @ .., stop] if word(*stop) == Some(".") => (body, 1.0),
            body => (body, 0.5),
        };
        if before.contains(&body) {
            continue;
        }
        before.push(body);
        if parse(body).is_some() {
            good += worth;
            body.iter().filter_map(|&id| kind(id)).for_each(|kind| content.note(kind));
        }
    }
    Reading { content, grammatical: if all > 0.0 { good / all } else { 0.0 } }
}

/// `Some` when `body` is a sentence without its stop.
fn parse(body: &[u32]) -> Option<()> {
    let mut rest = Rest(body);
    rest.lead()?;
    rest.subject()?;
    rest.predicate()?;
    if rest.word("and") {
        rest.predicate()?;
    }
    rest.0.is_empty().then_some(())
}

/// The words left to read.
struct Rest<'a>(&'a [u32]);

impl Rest<'_> {
    fn next(&mut self, wanted: impl Fn(u32) -> bool) -> bool {
        match self.0 {
            [first, rest @ ..] if wanted(*first) => {
                self.0 = rest;
                true
            }
            _ => false,
        }
    }

    fn word(&mut self, wanted: &str) -> bool {
        self.next(|id| word(id) == Some(wanted))
    }

    fn kind(&mut self, wanted: impl Fn(Kind) -> bool) -> bool {
        self.next(|id| kind(id).is_some_and(&wanted))
    }

    fn lead(&mut self) -> Option<()> {
        if self.kind(|k| matches!(k, Kind::Opener(_))) {
            self.word(",").then_some(())
        } else if self.word("one") {
            (self.word("day") || self.word("night")).then_some(())
        } else {
            let _ = self.word("then") || self.word("later");
            Some(())
        }
    }

    fn subject(&mut self) -> Option<()> {
        if self.word("it") {
            return Some(());
        }
        self.article()?;
        self.kind(|k| matches!(k, Kind::Mood(_)));
        self.kind(|k| matches!(k, Kind::Adjective(_)));
        self.kind(|k| matches!(k, Kind::Animal(_))).then_some(())
    }

    fn article(&mut self) -> Option<()> {
        (self.word("a") || self.word("the")).then_some(())
    }

    fn predicate(&mut self) -> Option<()> {
        if self.kind(|k| k == Kind::Verb) {
            self.kind(|k| matches!(k, Kind::Adverb(_)));
            self.place()
        } else if self.kind(|k| k == Kind::Feel) {
            self.word("very");
            self.kind(|k| matches!(k, Kind::Mood(_))).then_some(())
        } else if self.kind(|k| k == Kind::Find) {
            self.article()?;
            self.kind(|k| matches!(k, Kind::Adjective(_)));
            self.kind(|k| k == Kind::Thing).then_some(())
        } else {
            None
        }
    }

    fn place(&mut self) -> Option<()> {
        let Some(preposition) = self.0.first().and_then(|&id| word(id)).filter(|w| PREPOSITIONS.contains(w))
        else {
            return Some(());
        };
        self.0 = &self.0[1..];
        let fits = |i: usize| preposition == "near" || preposition == PLACES[i].0;
        let the = self.word("the");
        (the && self.kind(|k| matches!(k, Kind::Place(i) if fits(i)))).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::words::encode;
    use super::*;

    fn grammatical(text: &str) -> f64 {
        read(&encode(text).unwrap()).grammatical
    }

    #[test]
    fn sentences_of_every_shape_parse() {
        for text in [
            "it sat .",
            "a fox slept in the forest .",
            "hush , a happy soft fox sat quietly by the river .",
            "one day the bear was very sad and ran .",
            "then it found a pale stone and looked hungry .",
            "later the duck danced near the castle and sang wildly .",
            "it ran . it sat . it slept .",
        ] {
            assert_eq!(grammatical(text), 1.0, "{text}");
        }
    }

    #[test]
    fn what_is_no_sentence_does_not() {
        for text in [
            ".",
            "fox forest happy .",
            "a fox .",
            "a fox slept at the forest .",
            "a fox slept in forest .",
            "a fox slept the forest .",
            "a fox sat sat .",
            "a fox in the forest .",
            "hush a fox sat .",
            "a soft happy fox sat .",
            "it was .",
            "it sat and .",
            "it sat and ran and slept .",
            "it sat in the forest in the forest .",
        ] {
            assert_eq!(grammatical(text), 0.0, "{text}");
        }
        assert_eq!(grammatical(""), 0.0);
    }

    #[test]
    fn a_missing_stop_costs_half_and_a_repeated_sentence_counts_as_none() {
        assert_eq!(grammatical("it sat"), 0.5);
        assert_eq!(grammatical("it sat . it ran"), 0.75);
        assert_eq!(grammatical("it sat . it sat ."), 0.5);
        assert_eq!(grammatical("it sat . it it ."), 0.5);
    }

    #[test]
    fn only_sentences_say_something() {
        let content = read(&encode("a sad fox sat softly . bear forest happy .").unwrap()).content;
        assert!(content.animals[0] && !content.animals[1] && content.moods[1] && !content.moods[0]);
        assert_eq!(content.places, [false; PLACES.len()]);
        assert_eq!(content.tones, [1, 0, 0, 0]);
    }
}
