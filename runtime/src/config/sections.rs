//! The sections of a configuration, one for each step.

use super::formats::{COMPARISONS, DEMONSTRATIONS, FEEDBACK, JUDGED, OnlyFormats, PROMPTS, all};
use rlhf_data::Format;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The most rows of each data set, unless a configuration says otherwise.
const ROWS: usize = 10_000;

/// Step 1: supervised fine-tuning on demonstrations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Demonstrations {
    /// The formats of demonstrations: all files of these are read. Empty where there are sources.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1), transform = OnlyFormats(DEMONSTRATIONS))]
    pub formats: Vec<Format>,
    /// Files instead of formats; each source is a data set with its part of `rows`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), transform = OnlyFormats(DEMONSTRATIONS))]
    pub sources: Vec<rlhf_data::Source>,
    /// The most rows of each data set, or of all sources, on either side of the split.
    #[schemars(range(min = 1))]
    pub rows: usize,
    /// The share of pretraining texts mixed in, relative to the demonstrations.
    ///
    /// InstructGPT starts PPO from a model tuned with a tenth (appendix C.4): one that has forgotten its
    /// pretraining is pulled back to it by PPO's own mix, which costs KL.
    #[schemars(range(min = 0, max = 1))]
    pub pretraining: f64,
}

impl Default for Demonstrations {
    fn default() -> Self {
        let formats = all(DEMONSTRATIONS);
        Self { formats, sources: Vec::new(), rows: ROWS, pretraining: 0.0 }
    }
}

/// Step 2: the reward model, from comparisons or labels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Comparisons {
    /// The formats of comparisons or, where the loss is outcome or process, of labels. Empty where there are sources.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1), transform = OnlyFormats(JUDGED))]
    pub formats: Vec<Format>,
    /// Files instead of formats; each source is a data set with its part of `rows`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), transform = OnlyFormats(JUDGED))]
    pub sources: Vec<rlhf_data::Source>,
    /// The comparisons of the setting `reward.pretraining`, each source with its part of `rows`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), transform = OnlyFormats(COMPARISONS))]
    pub pretraining_sources: Vec<rlhf_data::Source>,
    /// The most prompts of each data set, or of all sources, on either side of the split.
    #[schemars(range(min = 1))]
    pub rows: usize,
    /// Keeps answers that a machine wrote.
    pub synthetic: bool,
    /// Puts the passages that answers are about before questions. The split goes by the question alone.
    pub passages: bool,
}

impl Default for Comparisons {
    fn default() -> Self {
        let formats = all(JUDGED);
        let (sources, pretraining_sources) = (Vec::new(), Vec::new());
        Self { formats, sources, pretraining_sources, rows: ROWS, synthetic: false, passages: true }
    }
}

/// Step 3: PPO on prompts, or what `method` puts in its place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Prompts {
    /// The formats that prompts are taken from. Empty where there are sources.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1), transform = OnlyFormats(PROMPTS))]
    pub formats: Vec<Format>,
    /// Files instead of formats; each source is a data set with its part of `rows`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), transform = OnlyFormats(PROMPTS))]
    pub sources: Vec<rlhf_data::Source>,
    /// The most rows of each data set, or of all sources, on either side of the split.
    #[schemars(range(min = 1))]
    pub rows: usize,
    /// The number of rollouts, each with all its optimizer steps.
    #[schemars(range(min = 1))]
    pub iterations: u32,
    /// The longest prompt, in tokens; a longer one keeps its last.
    #[schemars(range(min = 2))]
    pub prompt: usize,
    /// The longest response, in tokens.
    #[schemars(range(min = 1))]
    pub response: usize,
}

impl Default for Prompts {
    fn default() -> Self {
        let formats = vec![Format::Prompts, Format::Turns];
        Self { formats, sources: Vec::new(), rows: ROWS, iterations: 100, prompt: 128, response: 64 }
    }
}

/// Step 3's data where `method` learns from users' feedback: bandit, ips; kto, where there is any.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Feedback {
    /// The formats of feedback. Empty where there are sources.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1), transform = OnlyFormats(FEEDBACK))]
    pub formats: Vec<Format>,
    /// Files instead of formats; each source is a data set with its part of `rows`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100), transform = OnlyFormats(FEEDBACK))]
    pub sources: Vec<rlhf_data::Source>,
    /// The most rows of each data set, or of all sources, on either side of the split.
    #[schemars(range(min = 1))]
    pub rows: usize,
}

impl Default for Feedback {
    fn default() -> Self {
        Self { formats: all(FEEDBACK), sources: Vec::new(), rows: ROWS }
    }
}

/// Step 3's teacher where `method` is distillation or gkd.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Distillation {
    /// The model to learn from: a Hugging Face folder or llama2.c's .bin with the base's tokens, from the data's
    /// folder.
    #[schemars(length(min = 1), example = &"TEACHER")]
    pub teacher: Option<PathBuf>,
}

/// The corpus of the pretraining mix.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Pretraining {
    /// The source of its text.
    pub source: Source,
    /// The number of texts.
    pub texts: usize,
    /// The length of each, in tokens.
    #[schemars(range(min = 2))]
    pub length: usize,
}

impl Default for Pretraining {
    fn default() -> Self {
        Self { source: Source::Base, texts: 1024, length: 128 }
    }
}

/// The source of pretraining text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The base model writes it. Its samples are its pretraining distribution as far as it learnt
    /// it, and the mix then holds the policy to the base's knowledge where its corpus is not at hand.
    Base,
    /// The plain text files of the data.
    Text,
}

/// The measurements at the end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Evaluation {
    /// The most held-out prompts, and as many held-out demonstrations.
    #[schemars(range(min = 2))]
    pub prompts: usize,
    /// The number of these that are shown with their answers.
    pub samples: usize,
    /// Logits are divided by this where held-out prompts are answered; without it by what step 3 divides them by.
    #[schemars(extend("exclusiveMinimum" = 0), example = 0.7)]
    pub temperature: Option<f64>,
}

impl Default for Evaluation {
    fn default() -> Self {
        Self { prompts: 256, samples: 8, temperature: None }
    }
}
