//! Every key of a configuration: its name, what it may be, its default and what it says. Reading,
//! the printed configuration and the JSON schema all go by this table.

use super::kind::Kind::{
    self, AtLeast, Between, Flag, Formats, OneOf, Path, Positive, Share, Sources, Whole,
};
use super::kind::MOST;
use crate::config::named::{self, COMPARISONS, DEMONSTRATIONS, FEEDBACK, JUDGED, PROMPTS};
use rlhf_train::profile::{Method, Profile};
use serde_json::{Value, json};

/// A key of a configuration.
pub struct Key {
    /// Its place, such as `ppo.iterations`.
    pub name: &'static str,
    /// What it may be.
    pub kind: Kind,
    /// Its value where a configuration says nothing, as TOML; empty where there is none.
    default: &'static str,
    /// What it says, with its unit.
    pub what: &'static str,
}

/// The sections in the order in which they are printed, and what each is about.
pub const SECTIONS: &[(&str, &str)] = &[
    ("", "The run."),
    ("base", "The model to start from: a model and its tokenizer, or `[base.new]`."),
    ("base.new", "Instead of a model: a network with random weights, pretrained on the data's plain text."),
    ("supervised", "Step 1: supervised fine-tuning on demonstrations."),
    ("reward", "Step 2: the reward model, from comparisons or labels."),
    ("ppo", "Step 3: PPO on prompts, or what `method` puts in its place."),
    (
        "feedback",
        "Step 3's data where `method` learns from users' feedback: bandit, ips; kto, where there is some.",
    ),
    ("distillation", "Step 3's teacher where `method` is distillation or gkd."),
    ("pretraining", "The corpus of the pretraining mix."),
    ("guards", "What stops step 3 before it wastes itself, and what it warns of."),
    ("evaluation", "What is measured at the end."),
];

/// The section that is there only if a configuration has it.
pub const OPTIONAL: &str = "base.new";

/// A key.
pub const fn key(name: &'static str, kind: Kind, default: &'static str, what: &'static str) -> Key {
    Key { name, kind, default, what }
}

/// All keys, but for `[[override]]`.
#[rustfmt::skip]
pub const KEYS: &[Key] = &[
    key("version", Whole(1, super::version::VERSION), "1", "the form of this file; a file without one is of the first"),
    key("profile", OneOf(profiles), "\"instructgpt\"", "the published recipe whose settings the run starts from"),
    key("method", OneOf(methods), "\"ppo\"", "what step 3 does: PPO, or another way to learn from people; `rlhf config --method NAME` prints its settings"),
    key("seed", Whole(0, i64::MAX as u64), "0", "what every random draw depends on"),
    key("data", Path, "", "the folder with the data, searched for files of known formats; `--data` replaces it"),
    key("held_out", Between, "0.2", "the share of all prompts, by their hash, that nothing is trained on"),
    key("context", Whole(16, MOST), "256", "the longest transcript, in tokens; of a longer one the prompt keeps its last, and an answer its first"),
    key("base.model", Path, "", "a Hugging Face folder or llama2.c's .bin, from the data's folder"),
    key("base.tokenizer", Path, "", "its tokenizer: a file, or a folder with GPT-2's two files, from the data's folder"),
    key("base.new.family", OneOf(families), "\"gpt2\"", "the kind of network"),
    key("base.new.layers", Whole(1, 4096), "4", "layers"),
    key("base.new.width", Whole(1, 1 << 20), "128", "the width of the residual stream; the heads divide it"),
    key("base.new.heads", Whole(1, 65_536), "4", "attention heads of each layer"),
    key("base.new.context", Whole(16, 1 << 24), "256", "the longest sequence, in tokens"),
    key("base.new.tokenizer", Path, "\"bytes\"", "\"bytes\", or a tokenizer's path from the data's folder"),
    key("base.new.epochs", Whole(1, MOST), "1", "passes over the data's plain text"),
    key("base.new.batch", Whole(1, MOST), "32", "texts of `pretraining.length` tokens in an optimiser step"),
    key("base.new.learning_rate", Positive, "1e-3", "the highest learning rate"),
    key("supervised.formats", Formats(DEMONSTRATIONS), "", "which formats of demonstrations serve"),
    key("supervised.sources", Sources(DEMONSTRATIONS), "[]", "instead of formats: files, each source with its part of `rows`"),
    key("supervised.rows", Whole(1, MOST), "10000", "at most so many of each data set, or of all sources, on either side of the split"),
    key("supervised.pretraining", Share, "0.0", "pretraining texts mixed in, as a share of the demonstrations"),
    key("reward.formats", Formats(JUDGED), "", "which formats serve: of comparisons or, where the loss is outcome or process, of labels"),
    key("reward.sources", Sources(JUDGED), "[]", "instead of formats: files, each source with its part of `rows`"),
    key("reward.pretraining_sources", Sources(COMPARISONS), "[]", "the comparisons of the setting `reward.pretraining`, each source with its part of `rows`"),
    key("reward.rows", Whole(1, MOST), "10000", "at most so many prompts of each data set, or of all sources, on either side of the split"),
    key("reward.synthetic", Flag, "false", "keep answers that a machine wrote"),
    key("reward.passages", Flag, "true", "put the passages that answers are about before questions"),
    key("ppo.formats", Formats(PROMPTS), "[\"prompts\", \"turns\"]", "which formats prompts are taken from"),
    key("ppo.sources", Sources(PROMPTS), "[]", "instead of formats: files, each source with its part of `rows`"),
    key("ppo.rows", Whole(1, MOST), "10000", "at most so many of each data set, or of all sources, on either side of the split"),
    key("ppo.iterations", Whole(1, MOST), "100", "rollouts, each with all its optimiser steps"),
    key("ppo.prompt", Whole(2, MOST), "128", "the longest prompt, in tokens; a longer one keeps its last"),
    key("ppo.response", Whole(1, MOST), "64", "the longest response, in tokens"),
    key("feedback.formats", Formats(FEEDBACK), "", "which formats of feedback serve"),
    key("feedback.sources", Sources(FEEDBACK), "[]", "instead of formats: files, each source with its part of `rows`"),
    key("feedback.rows", Whole(1, MOST), "10000", "at most so many of each data set, or of all sources, on either side of the split"),
    key("distillation.teacher", Path, "", "who is learnt from: a Hugging Face folder or llama2.c's .bin with the base's tokens, from the data's folder"),
    key("pretraining.source", OneOf(sources), "\"base\"", "\"base\": the base writes it; \"text\": the data's plain text"),
    key("pretraining.texts", Whole(0, MOST), "1024", "how many texts"),
    key("pretraining.length", Whole(2, MOST), "128", "the length of each, in tokens"),
    key("guards.max_ratio", AtLeast(1), "10.0", "stops where a minibatch's mean ratio of new to old probability, or its inverse, is above this"),
    key("guards.max_kl", Positive, "200.0", "stops where a rollout's mean KL from step 1's model is above this, in nats per response"),
    key("guards.min_entropy", Share, "0.1", "warns where the entropy is below this share of the first iteration's; 0: never"),
    key("guards.patience", Whole(0, MOST), "3", "warns after so many measurements without a better held-out reward; 0: never"),
    key("evaluation.prompts", Whole(2, MOST), "256", "at most so many held-out prompts, and as many held-out demonstrations"),
    key("evaluation.samples", Whole(0, MOST), "8", "of which so many are shown with their answers"),
];

fn profiles() -> Vec<&'static str> {
    Profile::names().collect()
}

fn methods() -> Vec<&'static str> {
    Method::names().collect()
}

fn families() -> Vec<&'static str> {
    vec!["gpt2", "llama"]
}

fn sources() -> Vec<&'static str> {
    vec!["base", "text"]
}

impl Key {
    /// The key of this name.
    pub fn of(name: &str) -> Option<&'static Self> {
        KEYS.iter().find(|key| key.name == name)
    }

    /// The section that it stands in, and its name there.
    pub fn parts(&self) -> (&'static str, &'static str) {
        self.name.rsplit_once('.').unwrap_or(("", self.name))
    }

    /// Its value where a configuration says nothing. Formats: all that serve.
    pub fn default(&self) -> Option<Value> {
        match (self.kind, self.default) {
            (Formats(kinds), "") => Some(json!(named::names(kinds))),
            (_, "") => None,
            (_, text) => super::value::value(text).ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guards_are_the_trainers() {
        for (name, value) in json!(rlhf_train::Guards::default()).as_object().unwrap() {
            assert_eq!(Key::of(&format!("guards.{name}")).unwrap().default().as_ref(), Some(value));
        }
    }

    #[test]
    fn every_default_is_a_value_that_its_key_takes() {
        for key in KEYS {
            let default = key.default();
            assert!(default.as_ref().is_none_or(|value| key.kind.takes(value)), "{}: {default:?}", key.name);
            let none = ["data", "base.model", "base.tokenizer", "distillation.teacher"].contains(&key.name);
            assert_eq!(default.is_none(), none, "{}", key.name);
            assert!(SECTIONS.iter().any(|(name, _)| *name == key.parts().0), "{}", key.name);
        }
    }
}
