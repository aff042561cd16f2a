//! `summary.json`, described by `schemas/quickstart-summary.schema.json`.

use rlhf::config;
use rlhf::record::{Line, Phase};
use rlhf::run::{Common, Finished};
use rlhf::statistics::{BeforeAfter, Calibration, Interval};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The results of a quickstart, for a script to read.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Summary {
    /// The part that the summary of every run has.
    #[serde(flatten)]
    pub common: Common,
    /// The gold score, which no model has seen.
    pub gold: Gold,
    /// The reward that PPO was trained on.
    pub proxy: Rewards<BeforeAfter>,
    /// The share of distinct answers.
    pub distinct: BeforeAfter,
    /// The results of step 2.
    pub reward_model: RewardModel,
    /// The labelers.
    #[serde(rename = "labellers")]
    pub labelers: Labelers,
    /// The wall time.
    pub seconds: Seconds,
    /// PPO's checkpoints.
    pub ppo_curve: Vec<Point>,
    /// The best of n, for n = 1, 2, 4, …
    pub best_of_n: Vec<Point>,
    /// Answers to test prompts side by side.
    #[serde(default)]
    pub samples: Vec<Sample>,
    /// The changes of InstructGPT's recipe.
    pub overrides: Vec<Override>,
}

/// A mean reward.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Rewards<T> {
    /// The mean reward.
    pub reward: T,
}

/// The gold score.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Gold {
    /// The win rate of PPO against the supervised policy on the test prompts; ties count half; 95 % interval.
    pub win_rate: Interval,
    /// Its mean.
    pub reward: BeforeAfter,
    /// The share of answers that do everything that their prompts ask for.
    pub success: BeforeAfter,
}

/// The results of step 2.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RewardModel {
    /// The agreement with the labels of held-out prompts, 95 % interval.
    pub accuracy: Interval,
    /// The calibration there.
    #[serde(default)]
    pub calibration: Option<Calibration>,
    /// The share of the same labels that prefer the longer answer, equal lengths half.
    #[serde(default)]
    pub longer: Option<Interval>,
}

/// A test prompt with both answers. Texts are what models wrote: data, never markup.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// The prompt.
    pub prompt: String,
    /// The supervised policy's answer.
    pub sft: Story,
    /// PPO's story.
    pub ppo: Story,
}

/// An answer and what it is worth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Story {
    /// Its text.
    pub text: String,
    /// Its gold, from 0 to 1.
    pub gold: f64,
    /// The reward model's score.
    pub reward: f64,
}

/// The labelers.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Labelers {
    /// The share of pairs on which two of them agree.
    pub agreement: f64,
}

/// The wall time, in seconds.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Seconds {
    /// Pretraining the base.
    pub pretrain: f64,
    /// Step 1.
    pub sft: f64,
    /// Step 2, sampling and ranking included.
    pub reward: f64,
    /// Step 3, its checkpoints' evaluation included.
    pub ppo: f64,
}

/// A policy at some distance from the supervised one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// Its KL from the supervised policy, in nats per answer.
    pub kl: f64,
    /// Its mean gold.
    pub gold: f64,
    /// Its mean reward by the reward model.
    pub proxy: f64,
}

/// A setting that is not the paper's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    /// The setting.
    pub setting: String,
    /// The paper's value.
    pub paper: String,
    /// The value here.
    pub here: String,
    /// The reason.
    pub reason: String,
}

impl From<&config::Override> for Override {
    fn from(of: &config::Override) -> Self {
        let shown = |value: &Value| if value.is_null() { "none".into() } else { value.to_string() };
        let (setting, reason) = (of.setting.clone(), of.reason.clone());
        Self { setting, paper: shown(&of.paper), here: shown(&of.here), reason }
    }
}

/// The results on the test prompts at the end.
pub struct GoldResults {
    /// The gold score before and after.
    pub gold: Gold,
    /// The supervised policy's point of the curve.
    pub start: Point,
    /// The share of distinct answers.
    pub distinct: BeforeAfter,
    /// The best of n, for n = 1, 2, 4, …
    pub best_of_n: Vec<Point>,
    /// Answers side by side.
    pub samples: Vec<Sample>,
}

/// The interval of a share without an observation.
const UNKNOWN: Interval = Interval { value: 0.5, low: 0.0, high: 1.0, n: 0 };

impl Summary {
    /// Summarizes a run that came to its end, with the results beside it.
    pub(super) fn new(finished: &Finished, found: GoldResults, agreement: f64) -> Self {
        let Finished { summary: of, lines, .. } = finished;
        let pretraining = lines.iter().filter(|line: &&Line| line.phase == Phase::Pretrain);
        let GoldResults { gold, start, distinct, best_of_n, samples } = found;
        Self {
            common: of.common.clone(),
            gold,
            proxy: Rewards { reward: of.reward },
            distinct,
            reward_model: RewardModel {
                accuracy: of.reward_model.accuracy.map_or(UNKNOWN, Interval::from),
                calibration: of.reward_model.calibration.clone(),
                longer: of.reward_model.longer,
            },
            labelers: Labelers { agreement },
            seconds: Seconds {
                pretrain: pretraining.map(|line| line.seconds).sum(),
                sft: of.seconds.sft,
                reward: of.seconds.reward,
                ppo: of.seconds.ppo,
            },
            ppo_curve: curve(start, lines),
            best_of_n,
            samples,
            overrides: of.overrides.iter().map(Override::from).collect(),
        }
    }
}

/// The points that were measured on the way, after the supervised policy's.
fn curve(start: Point, lines: &[Line]) -> Vec<Point> {
    let point = |line: &Line| {
        let figure = |name: &str| line.figures.get(name).copied();
        Some(Point { kl: figure("test_kl")?, gold: figure("test_gold")?, proxy: figure("test_reward")? })
    };
    core::iter::once(start).chain(lines.iter().filter_map(point)).collect()
}
