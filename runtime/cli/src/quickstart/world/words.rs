//! The closed vocabulary: every word of the world, its id and what the grammar takes it for.

use rlhf_core::model::tokenizer::Words;
use std::collections::HashMap;
use std::sync::LazyLock;

/// The id of `<end>`, which ends every text.
pub const END: u32 = 124;

/// The animals that stories are about.
pub const ANIMALS: [&str; 12] =
    ["fox", "bear", "wolf", "mouse", "rabbit", "cat", "horse", "frog", "duck", "goat", "hen", "pig"];
/// The places of stories, each with its preposition.
pub const PLACES: [(&str, &str); 10] = [
    ("in", "forest"),
    ("by", "river"),
    ("in", "garden"),
    ("at", "castle"),
    ("in", "cave"),
    ("in", "meadow"),
    ("in", "village"),
    ("on", "beach"),
    ("on", "mountain"),
    ("by", "lake"),
];
/// The moods of the animal.
pub const MOODS: [&str; 8] = ["happy", "sad", "grumpy", "sleepy", "hungry", "brave", "lonely", "curious"];

/// A way of telling, with the words that only it uses.
pub(super) struct Tone {
    pub name: &'static str,
    pub openers: [&'static str; 2],
    pub adjectives: [&'static str; 4],
    pub adverbs: [&'static str; 4],
}

/// The tones of a story.
pub(super) const TONES: [Tone; 4] = [
    Tone {
        name: "gentle",
        openers: ["hush", "listen"],
        adjectives: ["soft", "little", "sweet", "dear"],
        adverbs: ["softly", "quietly", "kindly", "tenderly"],
    },
    Tone {
        name: "grim",
        openers: ["alas", "beware"],
        adjectives: ["gaunt", "bleak", "pale", "cursed"],
        adverbs: ["grimly", "coldly", "bitterly", "darkly"],
    },
    Tone {
        name: "silly",
        openers: ["oops", "whee"],
        adjectives: ["wobbly", "goofy", "dizzy", "fuzzy"],
        adverbs: ["clumsily", "wildly", "backwards", "sideways"],
    },
    Tone {
        name: "grand",
        openers: ["behold", "hark"],
        adjectives: ["noble", "mighty", "royal", "golden"],
        adverbs: ["boldly", "proudly", "nobly", "grandly"],
    },
];

pub(super) const VERBS: [&str; 12] = [
    "walked", "slept", "waited", "danced", "sang", "played", "rested", "ran", "sat", "hid", "dreamed",
    "jumped",
];
pub(super) const FINDS: [&str; 3] = ["found", "saw", "lost"];
pub(super) const FEELS: [&str; 3] = ["was", "felt", "looked"];
pub(super) const THINGS: [&str; 8] = ["stone", "leaf", "star", "hat", "bone", "berry", "shell", "key"];
/// Words that the grammar knows one by one.
const PLAIN: [&str; 18] = [
    ".", ",", ":", "animal", "place", "mood", "tone", "story", "a", "the", "it", "and", "very", "one", "day",
    "night", "then", "later",
];
pub(super) const PREPOSITIONS: [&str; 5] = ["in", "by", "at", "on", "near"];

/// The role of a word in the grammar. Numbers index the lists above; tone words carry their tone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Animal(usize),
    Place(usize),
    Mood(usize),
    Tone(usize),
    Opener(usize),
    Adjective(usize),
    Adverb(usize),
    Verb,
    Find,
    Feel,
    Thing,
    Plain,
}

struct Lexicon {
    words: Vec<&'static str>,
    kinds: Vec<Kind>,
    ids: HashMap<&'static str, u32>,
}

static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| {
    let mut all: Vec<(&str, Kind)> = PLAIN.map(|w| (w, Kind::Plain)).to_vec();
    all.extend(PREPOSITIONS.map(|w| (w, Kind::Plain)));
    all.extend(ANIMALS.iter().enumerate().map(|(i, &w)| (w, Kind::Animal(i))));
    all.extend(PLACES.iter().enumerate().map(|(i, &(_, w))| (w, Kind::Place(i))));
    all.extend(MOODS.iter().enumerate().map(|(i, &w)| (w, Kind::Mood(i))));
    for (i, tone) in TONES.iter().enumerate() {
        all.push((tone.name, Kind::Tone(i)));
        all.extend(tone.openers.map(|w| (w, Kind::Opener(i))));
        all.extend(tone.adjectives.map(|w| (w, Kind::Adjective(i))));
        all.extend(tone.adverbs.map(|w| (w, Kind::Adverb(i))));
    }
    all.extend(VERBS.map(|w| (w, Kind::Verb)));
    all.extend(FINDS.map(|w| (w, Kind::Find)));
    all.extend(FEELS.map(|w| (w, Kind::Feel)));
    all.extend(THINGS.map(|w| (w, Kind::Thing)));
    // As `Words` numbers them.
    all.extend(["<unknown>", "<end>"].map(|w| (w, Kind::Plain)));
    Lexicon {
        ids: all.iter().zip(0..).map(|(&(word, _), id)| (word, id)).collect(),
        kinds: all.iter().map(|&(_, kind)| kind).collect(),
        words: all.into_iter().map(|(word, _)| word).collect(),
    }
});

/// Returns every word; a word's index is its token id.
pub fn vocabulary() -> &'static [&'static str] {
    &LEXICON.words
}

/// Returns the words as a tokenizer that can be stored with a model.
pub fn tokenizer() -> Words {
    // The last two are its own.
    Words::new(LEXICON.words[..LEXICON.words.len() - 2].iter().copied()).expect("words are distinct")
}

/// The ids of a text of words and marks set apart by spaces.
///
/// # Errors
/// The first word that the world does not know.
pub fn encode(text: &str) -> Result<Vec<u32>, &str> {
    text.split_whitespace().map(|word| LEXICON.ids.get(word).copied().ok_or(word)).collect()
}

/// The words of `tokens`, set apart by spaces. Ids outside the vocabulary give `?`.
pub fn decode(tokens: &[u32]) -> String {
    let words: Vec<_> = tokens.iter().map(|&id| word(id).unwrap_or("?")).collect();
    words.join(" ")
}

/// The word of an id.
pub(super) fn word(id: u32) -> Option<&'static str> {
    LEXICON.words.get(id as usize).copied()
}

/// Returns the kind of the word of an id.
pub(super) fn kind(id: u32) -> Option<Kind> {
    LEXICON.kinds.get(id as usize).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rlhf_core::model::tokenizer::Tokenizer;

    #[test]
    fn words_are_distinct_and_few() {
        let n = vocabulary().len();
        assert_eq!(LEXICON.ids.len(), n, "a word is listed twice");
        assert!((120..=180).contains(&n), "{n}");
        assert_eq!(vocabulary()[END as usize], "<end>");
        let tokenizer = tokenizer();
        assert_eq!((tokenizer.vocabulary(), tokenizer.eos()), (n, Some(END)));
        let text = "hush , a happy fox sat in the forest .";
        assert_eq!(Tokenizer::encode(&tokenizer, text), encode(text).unwrap());
    }

    #[test]
    fn text_and_ids_round_trip() {
        let text = "hush , a happy fox sat in the forest . <end>";
        assert_eq!(decode(&encode(text).unwrap()), text);
        assert_eq!(encode("a happy unicorn"), Err("unicorn"));
        assert_eq!(decode(&[u32::MAX]), "?");
    }
}
