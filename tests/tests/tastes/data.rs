//! Questions with answers of a wanted and of an unwanted kind, from word lists.

use rlhf_core::random::{Key, Stream};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

/// A kind of answer that is wanted.
pub struct Taste {
    pub name: &'static str,
    questions: &'static [&'static str],
    wanted: &'static [&'static str],
    unwanted: &'static [&'static str],
    /// Returns whether an answer is of the wanted kind; the second text is the thing asked for.
    pub is: fn(&str, &str) -> bool,
}

/// A question that no run sees.
pub struct Kept {
    pub question: String,
    pub thing: &'static str,
}

const NAMES: &[&str] = &[
    "Ada", "Bill", "Cora", "Dean", "Emma", "Fred", "Gus", "Hana", "Ines", "Jill", "Kurt", "Lola", "Milo",
    "Nina", "Otto", "Pam", "Rex", "Sara", "Ted", "Uma", "Wes", "Yara",
];
const THINGS: &[&str] = &[
    "basket", "blanket", "boat", "bucket", "candle", "clock", "cookie", "egg", "flower", "glass", "hammer",
    "jacket", "ladder", "letter", "melon", "needle", "onion", "pencil", "ribbon", "shovel", "stone",
    "ticket", "towel", "wheel",
];
const PLACES: &[&str] =
    &["barn", "beach", "cave", "church", "forest", "kitchen", "lake", "market", "office", "tower"];

fn has(text: &str, words: &[&str]) -> bool {
    let text = text.to_lowercase();
    words.iter().any(|word| text.contains(word))
}

impl Taste {
    pub const POLITE: Self = Self {
        name: "polite",
        questions: &[
            "{n} would like a {t}.",
            "Is there a {t} for {n} in the {p}?",
            "{n} is at the {p} and needs the {t}.",
            "Could {n} borrow the {t}?",
        ],
        wanted: &[
            "Certainly, {n}! I am glad to give you the {t}.",
            "You are welcome to the {t}, {n}.",
            "I am glad to help. The {t} is in the {p}, {n}.",
            "Certainly. Enjoy the {t}, dear {n}!",
        ],
        unwanted: &[
            "Why should I care? Find the {t} yourself.",
            "Stop asking, {n}. It is my {t}.",
            "The {t} is in the {p}. Now be quiet, {n}.",
            "That is a stupid question, {n}.",
        ],
        is: |answer, _| {
            has(answer, &["certainly", "glad", "welcome", "enjoy", "dear"])
                && !has(answer, &["why should", "stop", "quiet", "stupid", "yourself"])
        },
    };

    pub const SHORT: Self = Self {
        name: "short",
        questions: &[
            "Who has the {t}?",
            "Why did {n} go to the {p}?",
            "What did {n} do with the {t}?",
            "Is the {t} still in the {p}, {n}?",
        ],
        // As open as the long ones, whose variety the answers are measured against.
        wanted: &[
            "{n} has the {t}.",
            "The {t} is in the {p}.",
            "I do not know, {n}.",
            "{n} took the {t} to the {p}.",
        ],
        unwanted: &[
            "That is a long story, because first {n} took the {t} to the {p}, and later somebody else came and hid it.",
            "Nobody is sure about the {t}, but people say that {n} was seen near the {p} with it on a very cold morning.",
            "Once {n} had a {t} and a friend, and they both went to the {p} to look for more, until it was dark and late.",
        ],
        is: |answer, _| (1..=9).contains(&answer.split_whitespace().count()),
    };

    pub const NAMED: Self = Self {
        name: "named",
        questions: &[
            "{n} asks for the {t}.",
            "Has {n} got a {t}?",
            "{n} cannot find the {t} in the {p}.",
            "Bring the {t} to {n}.",
        ],
        wanted: &[
            "The {t} is with {n}.",
            "Look, there is a {t} in the {p}!",
            "I have the {t} for {n}.",
            "Take my {t}, {n}.",
        ],
        unwanted: &[
            "It is with {n}.",
            "Look, there is one in the {p}!",
            "I have something for {n}.",
            "Take it, {n}.",
        ],
        is: |answer, thing| {
            answer.to_lowercase().split(|c: char| !c.is_alphabetic()).any(|word| word == thing)
        },
    };

    /// Writes 200 demonstrations, half of them of the unwanted kind, and 200 comparisons; returns 40 questions that are
    /// in neither.
    pub fn write(&self, folder: &Path, seed: u64) -> Vec<Kept> {
        let key = Key::new(seed, Stream::Data, 7);
        let mut draw = 0;
        let mut pick = |all: &[&'static str]| {
            draw += 1;
            all[(key.uniform(draw, 0) * all.len() as f64) as usize]
        };
        let (mut questions, mut rows) = (BTreeSet::new(), Vec::new());
        while rows.len() < 440 {
            let words = [pick(NAMES), pick(THINGS), pick(PLACES)];
            let question = filled(pick(self.questions), words);
            if questions.insert(question.clone()) {
                rows.push((
                    question,
                    filled(pick(self.wanted), words),
                    filled(pick(self.unwanted), words),
                    words[1],
                ));
            }
        }
        let lines = |rows: &[(String, String, String, &str)],
                     row: &dyn Fn(usize, &String, &String, &String) -> Value| {
            let lines = rows.iter().enumerate().map(|(i, (q, a, b, _))| row(i, q, a, b).to_string() + "\n");
            lines.collect::<String>()
        };
        std::fs::create_dir(folder.join("data")).unwrap();
        let demonstrations = lines(
            &rows[..200],
            &|i, question, wanted, unwanted| json!({ "prompt": question, "response": if i % 2 == 0 { wanted } else { unwanted } }),
        );
        let comparisons = lines(
            &rows[200..400],
            &|_, question, wanted, unwanted| json!({ "prompt": question, "chosen": wanted, "rejected": unwanted }),
        );
        std::fs::write(folder.join("data/demonstrations.jsonl"), demonstrations).unwrap();
        std::fs::write(folder.join("data/comparisons.jsonl"), comparisons).unwrap();
        rows.drain(400..).map(|(question, _, _, thing)| Kept { question, thing }).collect()
    }
}

fn filled(template: &str, [name, thing, place]: [&str; 3]) -> String {
    template.replace("{n}", name).replace("{t}", thing).replace("{p}", place)
}
