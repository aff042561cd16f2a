//! `summary.json`, described by `schemas/quickstart-summary.schema.json`.

use super::gold::{Found, curve};
use rlhf::config;
use rlhf::record::{Line, Phase};
use rlhf::run::Finished;
use rlhf::statistics::{BeforeAfter, Calibration, Interval};
use rlhf::train::profile::Profile;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::borrow::Cow;

/// What a quickstart found out, for a script to read.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Summary {
    /// This library's version.
    pub version: Cow<'static, str>,
    /// What every draw depended on.
    pub seed: u64,
    /// The instruction set, on which the bits of the result depend.
    pub device: Cow<'static, str>,
    /// The network's number of weights.
    pub parameters: usize,
    /// What no model has seen.
    pub gold: Gold,
    /// What PPO was told.
    pub proxy: Rewards<BeforeAfter>,
    /// KL of PPO from the supervised policy, in nats per answer.
    pub kl: f64,
    /// The share of distinct answers.
    pub distinct: BeforeAfter,
    /// The mean length, in tokens.
    pub length: BeforeAfter,
    /// Step 2.
    pub reward_model: RewardModel,
    /// Those who ranked.
    pub labellers: Labellers,
    /// Wall time.
    pub seconds: Seconds,
    /// PPO's checkpoints.
    pub ppo_curve: Vec<Point>,
    /// Best of n, n = 1, 2, 4, …
    pub best_of_n: Vec<Point>,
    /// Answers to test prompts side by side.
    #[serde(default)]
    pub samples: Vec<Told>,
    /// The recipe, overrides applied.
    pub settings: Profile,
    /// Where it leaves InstructGPT's.
    pub overrides: Vec<Override>,
    /// SHA-256 of the final policy's weights.
    pub weights_sha256: String,
}

/// A mean reward.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Rewards<T> {
    /// The mean reward.
    pub reward: T,
}

/// Gold.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Gold {
    /// PPO against the supervised policy on the test prompts, ties half, 95 % interval.
    pub win_rate: Interval,
    /// Its mean.
    pub reward: BeforeAfter,
    /// The share of answers that do all that was asked.
    pub success: BeforeAfter,
}

/// Step 2.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RewardModel {
    /// Agreement with the labels of held-out prompts, 95 % interval.
    pub accuracy: Interval,
    /// How far its certainty can be trusted there.
    #[serde(default)]
    pub calibration: Option<Calibration>,
}

/// A test prompt with both answers. Texts are what models wrote: data, never markup.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// The prompt.
    pub prompt: String,
    /// The supervised policy's answer.
    pub sft: Story,
    /// PPO's.
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

/// Those who ranked.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Labellers {
    /// The share of pairs on which two of them agree.
    pub agreement: f64,
}

/// Wall time, in seconds.
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
    /// Why.
    pub reason: String,
}

impl From<&config::Override> for Override {
    fn from(of: &config::Override) -> Self {
        let shown = |value: &Value| if value.is_null() { "none".into() } else { value.to_string() };
        let (setting, reason) = (of.setting.clone(), of.reason.clone());
        Self { setting, paper: shown(&of.paper), here: shown(&of.here), reason }
    }
}

/// The interval of a share without an observation.
const UNKNOWN: Interval = Interval { value: 0.5, low: 0.0, high: 1.0, n: 0 };

impl Summary {
    /// Of a run that came to its end, with what was found beside it.
    pub(super) fn new(finished: &Finished, found: Found, agreement: f64) -> Self {
        let Finished { summary: of, lines, .. } = finished;
        let pretraining = lines.iter().filter(|line: &&Line| line.phase == Phase::Pretrain);
        let Found { gold, start, distinct, best_of_n, samples } = found;
        Self {
            version: of.version.clone(),
            seed: of.seed,
            device: of.device.clone(),
            parameters: of.parameters,
            gold,
            proxy: Rewards { reward: of.reward },
            kl: of.kl,
            distinct,
            length: of.length,
            reward_model: RewardModel {
                accuracy: of.reward_model.accuracy.map_or(UNKNOWN, Interval::from),
                calibration: of.reward_model.calibration.clone(),
            },
            labellers: Labellers { agreement },
            seconds: Seconds {
                pretrain: pretraining.map(|line| line.seconds).sum(),
                sft: of.seconds.sft,
                reward: of.seconds.reward,
                ppo: of.seconds.ppo,
            },
            ppo_curve: curve(start, lines),
            best_of_n,
            samples,
            settings: of.settings,
            overrides: of.overrides.iter().map(Override::from).collect(),
            weights_sha256: of.weights_sha256.clone(),
        }
    }
}
