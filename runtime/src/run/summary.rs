//! What a run found out; `schemas/run-summary.schema.json` describes it.

use crate::config::Override;
use crate::record::{Line, Phase};
use crate::statistics::{BeforeAfter, Calibration, Interval};
use rlhf_data::Format;
use rlhf_train::profile::Profile;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What a run found out: `summary.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Summary {
    /// What every run's says.
    #[serde(flatten)]
    pub common: Common,
    /// The recipe's name.
    pub profile: String,
    /// What step 3 did; PPO where an earlier version does not say.
    #[serde(default = "ppo")]
    pub method: String,
    /// Where the run left the recipe, and why.
    pub overrides: Vec<Override>,
    /// What was learnt from.
    pub data: Data,
    /// Cross-entropies on held-out text.
    pub losses: Losses,
    /// Step 2.
    pub reward_model: RewardModel,
    /// Mean reward of answers to held-out prompts.
    pub reward: BeforeAfter,
    /// How often PPO's answer to a held-out prompt has the higher reward, ties half.
    pub win_rate: Interval,
    /// The share of those answers that ended by themselves.
    pub ended: BeforeAfter,
    /// PPO, rollout by rollout.
    pub iterations: Vec<Iteration>,
    /// Answers to held-out prompts side by side.
    pub samples: Vec<Sample>,
    /// What was worth knowing before the first step: settings that keep anything from being learned, and what
    /// of the data was cut, refused or left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Wall time.
    pub seconds: Seconds,
}

/// What the summary of every run says, whatever its data.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Common {
    /// This library's version.
    pub version: Cow<'static, str>,
    /// What every draw depended on.
    pub seed: u64,
    /// The instruction set, on which the bits of the result depend.
    pub device: Cow<'static, str>,
    /// The base's number of weights.
    pub parameters: usize,
    /// All settings of the recipe, overrides applied.
    pub settings: Profile,
    /// KL of the policy from the supervised one on held-out prompts, in nats per answer.
    pub kl: f64,
    /// The mean length of those answers, in tokens.
    pub length: BeforeAfter,
    /// SHA-256 of the final policy's weights, and of the values that lead it where it has some.
    pub weights_sha256: String,
}

impl Common {
    /// What it takes to repeat the run, and to know its result again. `more`: what else is to be said of that.
    pub fn origin<const N: usize>(&self, more: [(&str, String); N]) -> Vec<[String; 2]> {
        let own = [
            ("rlhf", self.version.to_string()),
            ("seed", self.seed.to_string()),
            ("device", self.device.to_string()),
            ("weights", self.parameters.to_string()),
            ("SHA-256 of the policy's weights", self.weights_sha256.clone()),
        ];
        own.into_iter().chain(more).map(|(name, value)| [name.into(), value]).collect()
    }
}

/// What was learnt from.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Data {
    /// Step 1's.
    pub demonstrations: Vec<DataSet>,
    /// Step 2's.
    pub comparisons: Vec<DataSet>,
    /// Step 3's.
    pub prompts: Vec<DataSet>,
    /// Users' feedback, where step 3 learnt from it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub feedback: Vec<DataSet>,
    /// How many texts the pretraining mix was drawn from.
    pub pretraining: usize,
    /// Files that are for testing, by their names: all their rows are held out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub test_files: Vec<PathBuf>,
    /// What of the data's folder was not read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
}

/// A data set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DataSet {
    /// Its name, from its files'.
    pub name: String,
    /// Its format.
    pub format: Format,
    /// Rows that were read.
    pub rows: usize,
    /// Rows that did not fit the format.
    pub refused: usize,
    /// Rows trained on.
    pub train: usize,
    /// Rows held out; comparisons are all measured on, of the others a part (`evaluation.prompts`).
    pub held_out: usize,
    /// Rows that were too long: their prompts kept their last tokens.
    pub cut: usize,
    /// Of these, rows of which an answer lost its end, too.
    #[serde(default)]
    pub cut_answers: usize,
    /// Why rows were refused: the first of each of the first files that has some.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    /// What is wrong with rows that were read all the same, such as empty turns, and with how many.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub flaws: BTreeMap<String, usize>,
    /// Why rows that fit, or judgments in them, were left out, such as empty answers, and how many rows that are.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub left_out: BTreeMap<String, usize>,
    /// Fields that are not read, and how many rows have them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unused: BTreeMap<String, u64>,
}

/// A file that was not read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// The file, or a folder that was not searched.
    pub path: PathBuf,
    /// Why.
    pub reason: String,
}

impl From<(PathBuf, String)> for LeftOut {
    fn from((path, reason): (PathBuf, String)) -> Self {
        Self { path, reason }
    }
}

/// Cross-entropies in nats per token, on held-out text.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Losses {
    /// Of demonstrations, by the base and by the supervised model.
    pub demonstrations: Stages,
    /// Of pretraining text: what alignment costs.
    pub pretraining: Stages,
}

/// A figure of each model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stages {
    /// The base's.
    pub base: f64,
    /// The supervised model's.
    pub sft: f64,
    /// The final policy's.
    pub ppo: f64,
}

/// Step 2.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RewardModel {
    /// Agreement with held-out votes, all data sets together; null where there were none.
    pub accuracy: Option<Accuracy>,
    /// Each data set's.
    pub data_sets: Vec<DatasetAccuracy>,
    /// How far its certainty can be trusted, on all of them; null where there were none.
    #[serde(default)]
    pub calibration: Option<Calibration>,
    /// Of an ensemble, the mean deviation of its members' rewards of a held-out text; null of one model.
    #[serde(default)]
    pub disagreement: Option<f64>,
}

/// A data set's accuracy.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DatasetAccuracy {
    /// The data set.
    pub name: String,
    /// Its format.
    pub format: Format,
    /// Agreement with its held-out votes; null where there were none.
    pub accuracy: Option<Accuracy>,
}

/// A share of votes agreed with, and Wilson's 95 % interval, which takes votes as independent: those
/// on one prompt's answers hang together, so with more votes than prompts it is too narrow.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Accuracy {
    /// The share.
    pub value: f64,
    /// The lower bound.
    pub low: f64,
    /// The upper bound.
    pub high: f64,
    /// How many votes, ties left out.
    pub n: usize,
    /// On how many prompts.
    pub prompts: usize,
}

impl From<Accuracy> for Interval {
    fn from(Accuracy { value, low, high, n, .. }: Accuracy) -> Self {
        Self { value, low, high, n }
    }
}

/// A rollout of PPO, on training prompts.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Iteration {
    /// The mean reward.
    pub reward: f64,
    /// KL from the supervised policy, in nats per answer.
    pub kl: f64,
    /// The mean length, in tokens.
    pub length: f64,
    /// The mean cross-entropy of the pretraining mix, in nats per token; 0 without one.
    pub pretraining: f64,
}

impl Iteration {
    /// Of a line of PPO's.
    pub(super) fn of(line: &Line) -> Option<Self> {
        let figure = |name: &str| line.figures.get(name).copied();
        (line.phase == Phase::Ppo).then_some(Self {
            reward: figure("reward")?,
            kl: figure("kl")?,
            length: figure("length")?,
            pretraining: figure("pretraining_loss").unwrap_or(0.0),
        })
    }
}

/// A held-out prompt with both answers. Texts are what models wrote: data, never markup.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// The prompt, as the model read it.
    pub prompt: String,
    /// The supervised model's answer.
    pub sft: Answer,
    /// PPO's.
    pub ppo: Answer,
}

/// An answer and its reward.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// Its text.
    pub text: String,
    /// Its reward.
    pub reward: f64,
}

/// Wall time, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Seconds {
    /// Reading data, and the pretraining corpus.
    pub data: f64,
    /// Step 1.
    pub sft: f64,
    /// Step 2.
    pub reward: f64,
    /// Step 3.
    pub ppo: f64,
    /// Measuring.
    pub evaluate: f64,
    /// Of one optimizer step or, for PPO, iteration.
    pub per_step: PerStep,
}

/// Wall time of one optimizer step or, for PPO, iteration, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PerStep {
    /// Step 1's.
    pub sft: f64,
    /// Step 2's, the normalization of its scores included.
    pub reward: f64,
    /// Step 3's.
    pub ppo: f64,
}

fn ppo() -> String {
    "ppo".into()
}
