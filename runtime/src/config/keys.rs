//! The keys of a configuration.

use super::base::{BaseFiles, BaseModel};
use super::change::{Change, Override};
use super::migrate::VERSION;
use super::recipe::AUTO;
use super::sections::{
    Comparisons, Demonstrations, Distillation, Evaluation, Feedback, Pretraining, Prompts,
};
use rlhf_train::Guards;
use rlhf_train::profile::{Method, Profile};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The run.
///
/// A run as its file describes it; the settings of its profile stand in the same tables. Work is counted, never timed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The form of this file; a file without one may have the words of the first.
    #[schemars(range(min = 1, max = VERSION))]
    pub version: u64,
    /// The recipe whose settings the run starts from; `auto`: `small` for a base below ten million weights, else
    /// `instructgpt`.
    #[schemars(extend("enum" = [AUTO].into_iter().chain(Profile::names()).collect::<Vec<_>>()))]
    pub profile: String,
    /// The method of step 3: PPO, or another way to learn from people; `rlhf config --method NAME` prints its settings.
    #[schemars(extend("enum" = Method::names().collect::<Vec<_>>()))]
    pub method: String,
    /// The seed of every random draw.
    #[schemars(range(max = i64::MAX))]
    pub seed: u64,
    /// The folder with the data, searched for files of known formats; `--data` replaces it.
    #[schemars(length(min = 1), example = &"data")]
    pub data: Option<PathBuf>,
    /// The share of all prompts, by their hash, that nothing is trained on.
    #[schemars(extend("exclusiveMinimum" = 0, "exclusiveMaximum" = 1))]
    pub held_out: f64,
    /// The longest transcript, in tokens; of a longer one the prompt keeps its last, and an answer its first.
    #[schemars(range(min = 16))]
    pub context: usize,
    /// The model to start from: a model and its tokenizer, or `[base.new]`.
    pub base: BaseModel,
    /// Step 1: supervised fine-tuning on demonstrations.
    pub supervised: Demonstrations,
    /// Step 2: the reward model, from comparisons or labels.
    pub reward: Comparisons,
    /// Step 3: PPO on prompts, or what `method` puts in its place.
    pub ppo: Prompts,
    /// Step 3's data where `method` learns from users' feedback: bandit, ips; kto, where there is any.
    pub feedback: Feedback,
    /// Step 3's teacher where `method` is distillation or gkd.
    pub distillation: Distillation,
    /// The corpus of the pretraining mix.
    pub pretraining: Pretraining,
    /// The guards of step 3: limits that stop it, and limits that it warns of.
    pub guards: Guards,
    /// The measurements at the end.
    pub evaluation: Evaluation,
    /// The keys that the command line changed.
    #[serde(skip)]
    pub given: Vec<Override>,
    /// Notes on changes since the file's version, for its writer.
    #[serde(skip)]
    pub notes: Vec<String>,
    /// The recipe's numbers in a run's record, where they are others today.
    #[serde(skip)]
    pub(super) recorded: Vec<Change>,
    /// The changes of the profile, in order.
    #[serde(skip)]
    pub(super) changes: Vec<Change>,
    /// The reasons by names of settings, of their parts, or of tables of them.
    #[serde(skip)]
    pub(super) reasons: BTreeMap<String, String>,
}

impl Default for Config {
    /// Returns PPO by the recipe for the base's size, on placeholders for model and tokenizer, which a run replaces.
    fn default() -> Self {
        Self {
            version: VERSION,
            profile: AUTO.into(),
            method: "ppo".into(),
            seed: 0,
            data: None,
            held_out: 0.2,
            context: 256,
            base: BaseModel::Files(BaseFiles { model: "MODEL".into(), tokenizer: "TOKENIZER".into() }),
            supervised: Demonstrations::default(),
            reward: Comparisons::default(),
            ppo: Prompts::default(),
            feedback: Feedback::default(),
            distillation: Distillation::default(),
            pretraining: Pretraining::default(),
            guards: Guards::default(),
            evaluation: Evaluation::default(),
            given: Vec::new(),
            notes: Vec::new(),
            recorded: Vec::new(),
            changes: Vec::new(),
            reasons: BTreeMap::new(),
        }
    }
}
