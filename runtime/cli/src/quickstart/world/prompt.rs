//! Prompts for stories.

use super::words::{ANIMALS, Kind, MOODS, PLACES, TONES, encode, kind};

/// A request for a story: one value per slot, each an index into one of the world's lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Prompt {
    pub(super) animal: usize,
    pub(super) place: usize,
    pub(super) mood: usize,
    pub(super) tone: usize,
}

impl Prompt {
    /// The number of prompts.
    pub const COUNT: usize = ANIMALS.len() * PLACES.len() * MOODS.len() * TONES.len();

    /// The prompt of a number below [`Self::COUNT`]; larger ones wrap around.
    pub fn from_index(index: usize) -> Self {
        let (index, animal) = (index / ANIMALS.len(), index % ANIMALS.len());
        let (index, place) = (index / PLACES.len(), index % PLACES.len());
        let (index, mood) = (index / MOODS.len(), index % MOODS.len());
        Self { animal, place, mood, tone: index % TONES.len() }
    }

    /// The number of a prompt; the inverse of [`Self::from_index`].
    pub fn index(&self) -> usize {
        ((self.tone * MOODS.len() + self.mood) * PLACES.len() + self.place) * ANIMALS.len() + self.animal
    }

    /// `animal fox place forest mood happy tone gentle story :`, ten words.
    pub fn text(&self) -> String {
        format!(
            "animal {} place {} mood {} tone {} story :",
            ANIMALS[self.animal], PLACES[self.place].1, MOODS[self.mood], TONES[self.tone].name
        )
    }

    /// The ids of [`Self::text`].
    pub fn tokens(&self) -> Vec<u32> {
        encode(&self.text()).unwrap_or_default()
    }

    /// The prompt that `tokens` begin with.
    pub fn parse(tokens: &[u32]) -> Option<Self> {
        let at = |i: usize| tokens.get(i).and_then(|&id| kind(id));
        match (at(1)?, at(3)?, at(5)?, at(7)?) {
            (Kind::Animal(animal), Kind::Place(place), Kind::Mood(mood), Kind::Tone(tone)) => {
                let prompt = Self { animal, place, mood, tone };
                tokens.starts_with(&prompt.tokens()).then_some(prompt)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_tokens_round_trip() {
        assert_eq!(Prompt::COUNT, 3840);
        for i in 0..Prompt::COUNT {
            let prompt = Prompt::from_index(i);
            assert_eq!(prompt.index(), i);
            assert_eq!(prompt.tokens().len(), 10);
            assert_eq!(Prompt::parse(&prompt.tokens()), Some(prompt));
        }
        assert_eq!(Prompt::parse(&[0; 10]), None);
        assert_eq!(Prompt::parse(&[]), None);
    }
}
