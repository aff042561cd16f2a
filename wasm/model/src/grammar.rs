//! Stories from a grammar: an opening, and how it goes on.
//!
//! Everything that tastes differ in is drawn independently: the ending, the number of sentences, the topic, whether somebody
//! speaks, the marks at the ends of sentences.

use crate::words::{
    ANIMALS, BOYS, DIALOGUE, ENDINGS, Ending, GIRLS, LOOKS, PLACES, QUALITIES, THINGS, TOPICS,
};
use rlhf_core::random::{Draws, Key, Stream};

/// A story. Its texts are tokens with single spaces between them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Story {
    /// The opening: one sentence.
    pub prompt: String,
    /// One to four sentences.
    pub reply: String,
    /// How it ends.
    pub ending: Ending,
}

/// Whom a story is about.
struct Hero {
    /// "the fox" or "Tom".
    noun: String,
    pronoun: &'static str,
}

/// Writes the story with that number; the same seed and number give the same story.
pub fn story(seed: u64, number: u32) -> Story {
    let mut draws = Key::new(seed, Stream::Data, 0).draws(number);
    let (prompt, hero) = opening(&mut draws);
    let sentences = 1 + draws.below(4);
    let topic = draws.pick(&TOPICS);
    let (ending, last) = draws.pick(&ENDINGS);
    let speaks = sentences > 1 && draws.uniform() < 0.5;
    // Who speaks does so in the sentence before the last.
    let mut reply = Vec::new();
    let mut told = Vec::new();
    for i in 0..sentences - 1 {
        if speaks && i == sentences - 2 {
            let said = *draws.pick(&DIALOGUE);
            reply.push(fill(said, &hero, topic.noun, false));
            continue;
        }
        let mut sentence = *draws.pick(&topic.sentences);
        while told.contains(&sentence) {
            sentence = *draws.pick(&topic.sentences);
        }
        told.push(sentence);
        reply.push(marked(sentence, &hero, topic.noun, &mut draws));
    }
    let last = *draws.pick(last);
    reply.push(marked(last, &hero, topic.noun, &mut draws));
    Story { prompt, reply: reply.join(" "), ending: *ending }
}

/// Writes an opening.
fn opening(draws: &mut Draws) -> (String, Hero) {
    let (thing, look) = (*draws.pick(&THINGS), *draws.pick(&LOOKS));
    let (place, quality) = (*draws.pick(&PLACES), *draws.pick(&QUALITIES));
    let animal = *draws.pick(&ANIMALS);
    let (name, pronoun, possessive) = match draws.below(2) {
        0 => (*draws.pick(&BOYS), "he", "his"),
        _ => (*draws.pick(&GIRLS), "she", "her"),
    };
    let an = if quality == "old" { "an" } else { "a" };
    let found = *draws.pick(&["found", "saw", "lost", "had", "wanted"]);
    let when = *draws.pick(&["One day ,", "One night ,", "Today ,", "Once ,"]);
    let went = *draws.pick(&["went to", "sat by", "ran to", "came to"]);
    let child = Hero { noun: name.into(), pronoun };
    let creature = Hero { noun: format!("the {animal}"), pronoun: "it" };
    match draws.below(5) {
        0 => (format!("{when} {an} {quality} {animal} {found} a {look} {thing} ."), creature),
        1 => (format!("{when} {an} {quality} {animal} {went} the {place} ."), creature),
        2 => (format!("{when} {name} {found} a {look} {thing} ."), child),
        3 => (format!("{name} and {possessive} {quality} {animal} {went} the {place} ."), child),
        _ => (format!("{name} {went} the {place} with a {look} {thing} ."), child),
    }
}

/// Fills a template in and ends the sentence.
fn marked(template: &str, hero: &Hero, topic: &str, draws: &mut Draws) -> String {
    let pronoun = draws.uniform() < 0.4;
    let mark = if draws.uniform() < 0.3 { '!' } else { '.' };
    format!("{} {mark}", fill(template, hero, topic, pronoun))
}

fn fill(template: &str, hero: &Hero, topic: &str, pronoun: bool) -> String {
    let subject = if pronoun { hero.pronoun } else { hero.noun.as_str() };
    template.replace("{S}", &capital(subject)).replace("{h}", &hero.noun).replace("{t}", topic)
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
