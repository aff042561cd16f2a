//! The sections of a configuration, one for each step.

use rlhf_data::Format;
use serde::Deserialize;
use std::path::PathBuf;

/// Step 1's data.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Demonstrations {
    /// All files of these serve; empty where there are sources.
    pub formats: Vec<Format>,
    /// Files instead: each source is a data set, with its part of the rows.
    pub sources: Vec<rlhf_data::Source>,
    /// At most so many of each data set, or of all sources together, on either side of the split.
    pub rows: usize,
    /// Pretraining texts mixed in, as a share of the demonstrations. InstructGPT starts PPO from a
    /// model tuned with a tenth (appendix C.4): one that has forgotten its pretraining is pulled
    /// back to it by PPO's own mix, which costs KL.
    pub pretraining: f64,
}

/// Step 2's data.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Comparisons {
    /// All files of these serve; empty where there are sources.
    pub formats: Vec<Format>,
    /// Files instead: each source is a data set, with its part of the rows.
    pub sources: Vec<rlhf_data::Source>,
    /// The comparisons of the pretraining before, where the profile has one.
    pub pretraining_sources: Vec<rlhf_data::Source>,
    /// At most so many prompts of each data set, or of all sources together, on either side of the split.
    pub rows: usize,
    /// Keep answers that a machine wrote.
    pub synthetic: bool,
    /// Put the passages that answers are about before questions. The split goes by the question alone.
    pub passages: bool,
}

/// Step 3's data and length.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prompts {
    /// All files of these serve; empty where there are sources.
    pub formats: Vec<Format>,
    /// Files instead: each source is a data set, with its part of the rows.
    pub sources: Vec<rlhf_data::Source>,
    /// At most so many of each data set, or of all sources together, on either side of the split.
    pub rows: usize,
    /// Rollouts.
    pub iterations: u32,
    /// The longest prompt, in tokens; a longer one keeps its last.
    pub prompt: usize,
    /// The longest response, in tokens.
    pub response: usize,
}

/// Users' feedback on responses, where step 3 learns from it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feedback {
    /// All files of these serve; empty where there are sources.
    pub formats: Vec<Format>,
    /// Files instead: each source is a data set, with its part of the rows.
    pub sources: Vec<rlhf_data::Source>,
    /// At most so many of each data set, or of all sources together, on either side of the split.
    pub rows: usize,
}

/// Whom step 3 learns from, where that is a teacher.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Distillation {
    /// A model with the base's tokens, from the data's folder.
    pub teacher: Option<PathBuf>,
}

/// The corpus of the pretraining mix.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pretraining {
    /// Where it comes from.
    pub source: Source,
    /// How many texts.
    pub texts: usize,
    /// The length of each, in tokens.
    pub length: usize,
}

/// Where pretraining text comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The base model writes it. Its samples are its pretraining distribution as far as it learnt
    /// it, and the mix then holds the policy to the base's knowledge where its corpus is not at hand.
    Base,
    /// The plain text files of the data.
    Text,
}

/// What is measured at the end.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evaluation {
    /// At most so many held-out prompts, and as many held-out demonstrations.
    pub prompts: usize,
    /// Of which so many are shown with their answers.
    pub samples: usize,
}
