//! The world that the quickstart makes for itself: very short stories about an animal at a place
//! in a mood, told in a tone.
//!
//! [`World`] writes text; [`gold`] is the true worth of an answer, which no model sees;
//! [`Labelers`] see it through noise and rank answers by it.

mod gold;
mod grammar;
mod labelers;
mod prompt;
mod words;
mod writer;

pub use gold::{BRIEF, gold, success};
pub use labelers::{Answer, LABELERS, Labelers};
pub use prompt::Prompt;
pub use words::{ANIMALS, END, MOODS, PLACES, decode, encode, tokenizer, vocabulary};
pub use writer::ideal;

use rlhf_core::random::{Draws, Key, Stream};
use writer::Plan;

/// The number of prompts that are kept for tests.
pub const TESTS: usize = 640;

/// All text of one seed, and the prompts that are kept from training.
#[derive(Clone, Debug)]
pub struct World {
    seed: u64,
    train: Vec<Prompt>,
    test: Vec<Prompt>,
    /// True for each prompt, by number, that is kept for tests.
    kept: Vec<bool>,
}

/// The uses of the data stream's steps.
#[repr(u32)]
enum StreamUse {
    Split,
    Corpus,
    Demonstration,
    Answers,
}

impl World {
    /// Splits all prompts into [`TESTS`] for tests and the rest for training.
    pub fn new(seed: u64) -> Self {
        let mut train: Vec<_> = (0..Prompt::COUNT).map(Prompt::from_index).collect();
        Key::new(seed, Stream::Data, StreamUse::Split as u32).shuffle(&mut train);
        let test = train.split_off(Prompt::COUNT - TESTS);
        let mut kept = vec![false; Prompt::COUNT];
        test.iter().for_each(|prompt| kept[prompt.index()] = true);
        Self { seed, train, test, kept }
    }

    /// Prompts to train on, in no particular order.
    pub fn train(&self) -> &[Prompt] {
        &self.train
    }

    /// Prompts to test on, in no particular order. No training text has their combinations.
    pub fn test(&self) -> &[Prompt] {
        &self.test
    }

    /// Returns text `i` of the grammar, about 22 tokens with `<end>`: for the base's pretraining, and for the
    /// pretraining mix. Three in four begin with a training prompt, each of whose slots the story keeps nine times in
    /// ten.
    pub fn corpus(&self, i: u32) -> Vec<u32> {
        let mut draws = self.draws(StreamUse::Corpus, i);
        let mut plan = Plan::of(draws.pick(&self.train));
        if draws.uniform() < 0.25 {
            plan.asides = 1 + draws.below(2);
            return plan.write(&mut draws);
        }
        let prompt = *draws.pick(&self.train);
        let other = *draws.pick(&self.train);
        let mut keep = |asked, other| if draws.uniform() < 0.9 { asked } else { other };
        let mut story = Prompt {
            animal: keep(prompt.animal, other.animal),
            place: keep(prompt.place, other.place),
            mood: keep(prompt.mood, other.mood),
            tone: keep(prompt.tone, other.tone),
        };
        if self.kept[story.index()] {
            story = other;
        }
        let mut text = prompt.tokens();
        text.extend(Plan::of(&story).write(&mut draws));
        text
    }

    /// Returns demonstration `i`, an answer to `prompt` with `<end>`, by a careless writer.
    pub fn demonstration(&self, i: u32, prompt: &Prompt) -> Vec<u32> {
        let mut draws = self.draws(StreamUse::Demonstration, i);
        let mut plan = Plan::careless(prompt, &mut draws);
        if plan.says().is_some_and(|prompt| self.kept[prompt.index()]) {
            plan = Plan::of(prompt);
        }
        plan.write(&mut draws)
    }

    /// Returns the number of answers to training prompt number `i` that are ranked: 4 to 9, all as likely.
    pub fn answers_wanted(&self, i: u32) -> usize {
        4 + self.draws(StreamUse::Answers, i).below(6)
    }

    fn draws(&self, what: StreamUse, i: u32) -> Draws {
        Key::new(self.seed, Stream::Data, what as u32).draws(i)
    }
}

#[cfg(test)]
mod tests;
