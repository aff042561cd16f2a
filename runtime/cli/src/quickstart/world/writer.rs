//! Writers: of the text that a base learns from, of careless demonstrations, of ideal stories.

use super::Prompt;
use super::words::{ANIMALS, END, FEELS, FINDS, MOODS, PLACES, PREPOSITIONS, THINGS, TONES, VERBS, encode};
use rlhf_core::random::Draws;

/// The plan of a story.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    pub animal: usize,
    pub place: Option<usize>,
    pub mood: Option<usize>,
    pub tone: usize,
    /// The probability that a tone word is of any tone at all.
    pub mixing: f64,
    /// The number of sentences beside the point that follow.
    pub asides: usize,
    /// True if the last stop is there.
    pub stop: bool,
}

impl Plan {
    /// Plans all that `prompt` asks for and nothing else.
    pub fn of(prompt: &Prompt) -> Self {
        Self {
            animal: prompt.animal,
            place: Some(prompt.place),
            mood: Some(prompt.mood),
            tone: prompt.tone,
            mixing: 0.0,
            asides: 0,
            stop: true,
        }
    }

    /// The slips of a demonstrator who is in a hurry. About four in ten demonstrations have none
    /// that matters.
    pub fn careless(prompt: &Prompt, draws: &mut Draws) -> Self {
        let mut plan = Self::of(prompt);
        let mut slips = |share: f64| draws.uniform() < share;
        let (forgets_place, forgets_mood) = (slips(0.06), slips(0.06));
        let (swaps_animal, swaps_place, swaps_mood) = (slips(0.03), slips(0.07), slips(0.07));
        let (mixes, rambles) = (slips(0.15), slips(0.2));
        plan.stop = !slips(0.05);
        if swaps_animal {
            plan.animal = draws.below(ANIMALS.len());
        }
        if swaps_place {
            plan.place = Some(draws.below(PLACES.len()));
        }
        if swaps_mood {
            plan.mood = Some(draws.below(MOODS.len()));
        }
        if forgets_place {
            plan.place = None;
        }
        if forgets_mood {
            plan.mood = None;
        }
        if mixes {
            plan.mixing = 0.7;
        }
        plan.asides = if rambles { 1 + draws.below(3) } else { 0 };
        plan
    }

    /// The prompt that asks for this, where every slot has a value.
    pub fn says(&self) -> Option<Prompt> {
        Some(Prompt { animal: self.animal, place: self.place?, mood: self.mood?, tone: self.tone })
    }

    /// Writes the story, with `<end>`.
    pub fn write(&self, draws: &mut Draws) -> Vec<u32> {
        let mut pen = Pen { plan: self, draws, words: Vec::new() };
        pen.story();
        encode(&pen.words.join(" ")).unwrap_or_default()
    }
}

/// The shortest story that says all that `prompt` asks for, with three words of its tone, with `<end>`.
pub fn ideal(prompt: &Prompt) -> Vec<u32> {
    let tone = &TONES[prompt.tone];
    let (preposition, place) = PLACES[prompt.place];
    let words = [
        tone.openers[0],
        ",",
        "a",
        MOODS[prompt.mood],
        tone.adjectives[0],
        ANIMALS[prompt.animal],
        "sat",
        tone.adverbs[0],
        preposition,
        "the",
        place,
        ".",
    ];
    let mut story = encode(&words.join(" ")).unwrap_or_default();
    story.push(END);
    story
}

struct Pen<'a> {
    plan: &'a Plan,
    draws: &'a mut Draws,
    words: Vec<&'static str>,
}

impl Pen<'_> {
    fn story(&mut self) {
        // The mood goes before the animal, after "and", or into a sentence of its own.
        let form = self.draws.below(3);
        self.lead();
        self.animal(self.plan.mood.filter(|_| form == 0));
        self.act();
        if let Some(place) = self.plan.place {
            self.place(place);
        }
        if let Some(mood) = self.plan.mood.filter(|_| form > 0) {
            self.words.extend(if form == 1 { &["and"][..] } else { &[".", "it"] });
            self.mood(mood);
        }
        for nth in 0..self.plan.asides {
            self.words.push(".");
            self.aside(nth);
        }
        if self.plan.stop {
            self.words.push(".");
        }
        self.words.push("<end>");
    }

    fn chance(&mut self, share: f64) -> bool {
        self.draws.uniform() < share
    }

    fn one_of(&mut self, list: &[&'static str]) {
        let word = self.draws.pick(list);
        self.words.push(word);
    }

    fn tone(&mut self) -> &'static super::words::Tone {
        let mixed = self.chance(self.plan.mixing);
        &TONES[if mixed { self.draws.below(TONES.len()) } else { self.plan.tone }]
    }

    fn lead(&mut self) {
        if self.chance(0.2) {
            let openers = &self.tone().openers;
            self.one_of(openers);
            self.words.push(",");
        } else if self.chance(0.2) {
            self.words.push("one");
            self.one_of(&["day", "night"]);
        }
    }

    fn animal(&mut self, mood: Option<usize>) {
        self.one_of(&["a", "the"]);
        self.words.extend(mood.map(|mood| MOODS[mood]));
        self.adjective(0.45);
        self.words.push(ANIMALS[self.plan.animal]);
    }

    fn adjective(&mut self, share: f64) {
        if self.chance(share) {
            let adjectives = &self.tone().adjectives;
            self.one_of(adjectives);
        }
    }

    fn act(&mut self) {
        self.one_of(&VERBS);
        if self.chance(0.45) {
            let adverbs = &self.tone().adverbs;
            self.one_of(adverbs);
        }
    }

    fn place(&mut self, place: usize) {
        let (own, name) = PLACES[place];
        let near = self.chance(0.2);
        self.words.extend([if near { PREPOSITIONS[4] } else { own }, "the", name]);
    }

    fn mood(&mut self, mood: usize) {
        self.one_of(&FEELS);
        if self.chance(0.4) {
            self.words.push("very");
        }
        self.words.push(MOODS[mood]);
    }

    /// `nth` keeps asides of one story apart: a sentence said twice is none.
    fn aside(&mut self, nth: usize) {
        self.words.extend([["then", "it"], ["later", "it"], ["one", "day"]][nth.min(2)]);
        if nth > 1 {
            self.words.push("it");
        }
        match self.draws.below(3) {
            0 => {
                self.one_of(&FINDS);
                self.words.push("a");
                self.adjective(0.3);
                self.one_of(&THINGS);
            }
            1 => self.act(),
            _ => {
                self.act();
                let place = self.draws.below(PLACES.len());
                self.place(place);
            }
        }
    }
}
