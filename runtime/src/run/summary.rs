//! The results of a run; `schemas/run-summary.schema.json` describes them.

use crate::config::Override;
use crate::record::{Line, Phase, WarningSummary};
use crate::statistics::{BeforeAfter, Calibration, Interval};
use rlhf_data::Format;
use rlhf_train::profile::Profile;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The results of a run: `summary.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Summary {
    /// The part that the summary of every run has.
    #[serde(flatten)]
    pub common: Common,
    /// The recipe's name.
    pub profile: String,
    /// The method of step 3; PPO in summaries of earlier versions without one.
    #[serde(default = "ppo")]
    pub method: String,
    /// The changes of the recipe, with their reasons.
    pub overrides: Vec<Override>,
    /// The data.
    pub data: Data,
    /// Cross-entropies on held-out text.
    pub losses: Losses,
    /// The reward model.
    pub reward_model: RewardModel,
    /// Mean reward of answers to held-out prompts.
    pub reward: BeforeAfter,
    /// The share of held-out prompts on which the policy's answer has the higher reward; ties count half.
    pub win_rate: Interval,
    /// The share of those answers that ended by themselves.
    pub ended: BeforeAfter,
    /// The share of distinct ones among those answers; null in summaries of earlier versions.
    #[serde(default)]
    pub distinct: Option<BeforeAfter>,
    /// The iterations of step 3.
    pub iterations: Vec<Iteration>,
    /// Answers to held-out prompts side by side.
    pub samples: Vec<Sample>,
    /// Notes from before the first step: settings that keep anything from being learned, and data that was cut, refused
    /// or left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The wall time.
    pub seconds: Seconds,
}

/// The part that the summary of every run has, whatever its data.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Common {
    /// This library's version.
    pub version: Cow<'static, str>,
    /// The seed of every draw.
    pub seed: u64,
    /// The instruction set, on which the bits of the result depend.
    pub device: Cow<'static, str>,
    /// The base's number of weights.
    pub parameters: usize,
    /// All settings of the recipe, with the changes.
    pub settings: Profile,
    /// The KL of the policy from the supervised one on held-out prompts, in nats per answer.
    pub kl: f64,
    /// The mean length of those answers, in tokens.
    pub length: BeforeAfter,
    /// The warnings, one for each kind: those that the finished models stand for come first.
    #[serde(default)]
    pub warnings: Vec<WarningSummary>,
    /// The SHA-256 of the final policy's weights, and of the values that guide it where there are some.
    pub weights_sha256: String,
}

impl Common {
    /// Lists everything needed to repeat the run, and to recognize its result. `more`: further entries.
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

/// The data of a run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Data {
    /// The data sets of step 1.
    pub demonstrations: Vec<DataSet>,
    /// The data sets of step 2.
    pub comparisons: Vec<DataSet>,
    /// The data sets of step 3.
    pub prompts: Vec<DataSet>,
    /// Users' feedback, where step 3 learned from it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub feedback: Vec<DataSet>,
    /// The number of texts that the pretraining mix was drawn from.
    pub pretraining: usize,
    /// Files that are for testing, by their names: all their rows are held out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub test_files: Vec<PathBuf>,
    /// The files in the data's folder that were not read.
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
    /// The number of these rows in which an answer lost its end, too.
    #[serde(default)]
    pub cut_answers: usize,
    /// The reasons why rows were refused: the first of each of the first files that have some.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    /// Problems of rows that were read all the same, such as empty turns, each with the number of rows.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub flaws: BTreeMap<String, usize>,
    /// Reasons why readable rows, or judgments in them, were left out, such as empty answers, each with the number of
    /// rows.
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
    /// The reason.
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
    /// The losses on demonstrations, by the base and by the supervised model.
    pub demonstrations: Stages,
    /// The losses on pretraining text: the cost of alignment.
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

/// The results of step 2.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RewardModel {
    /// Agreement with held-out votes, all data sets together; null where there were none.
    pub accuracy: Option<Accuracy>,
    /// The results on each data set.
    pub data_sets: Vec<DatasetAccuracy>,
    /// The calibration on all of them; null where there were none.
    #[serde(default)]
    pub calibration: Option<Calibration>,
    /// The mean deviation of an ensemble's rewards of a held-out text; null of one model.
    #[serde(default)]
    pub disagreement: Option<f64>,
    /// The share of the same votes that prefer the longer answer, equal lengths half; null where there were none.
    #[serde(default)]
    pub longer: Option<Interval>,
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
    /// The number of votes, ties left out.
    pub n: usize,
    /// The number of prompts.
    pub prompts: usize,
}

impl From<Accuracy> for Interval {
    fn from(Accuracy { value, low, high, n, .. }: Accuracy) -> Self {
        Self { value, low, high, n }
    }
}

/// A rollout of step 3, on training prompts.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Iteration {
    /// The mean reward.
    pub reward: f64,
    /// The KL from the supervised policy, in nats per answer.
    pub kl: f64,
    /// The mean length, in tokens.
    pub length: f64,
    /// The mean cross-entropy of the pretraining mix, in nats per token; 0 without one.
    pub pretraining: f64,
}

impl Iteration {
    /// Returns the iteration of one of PPO's lines.
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
    /// The final policy's answer.
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

/// The wall time, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Seconds {
    /// The time for reading data and the pretraining corpus.
    pub data: f64,
    /// Step 1.
    pub sft: f64,
    /// Step 2.
    pub reward: f64,
    /// Step 3.
    pub ppo: f64,
    /// The time for the measurements.
    pub evaluate: f64,
    /// The time of one optimizer step or, for PPO, iteration.
    pub per_step: PerStep,
}

/// The wall time of one optimizer step or, for PPO, iteration, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PerStep {
    /// Step 1's.
    pub sft: f64,
    /// Step 2's, including the normalization of its scores.
    pub reward: f64,
    /// Step 3's.
    pub ppo: f64,
}

fn ppo() -> String {
    "ppo".into()
}
