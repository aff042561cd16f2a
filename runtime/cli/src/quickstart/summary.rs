//! `summary.json`, described by `schemas/quickstart-summary.schema.json`.

use super::world::decode;
use super::{Outcome, Override, Point, Sample, Settings};
use rlhf::statistics::{BeforeAfter, Calibration, Interval};
use rlhf::train::profile::Profile;
use serde::{Deserialize, Serialize};
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

impl Summary {
    /// Of a run under these settings.
    pub fn new(settings: &Settings, outcome: &Outcome) -> Self {
        let both = |(sft, ppo): (f64, f64)| BeforeAfter { sft, ppo };
        let [pretrain, sft, reward, ppo] = outcome.seconds;
        Self {
            version: env!("CARGO_PKG_VERSION").into(),
            seed: settings.seed,
            device: outcome.policy.device().to_string().into(),
            parameters: outcome.policy.architecture().parameters(),
            gold: Gold {
                win_rate: outcome.win_rate,
                reward: both(outcome.gold),
                success: both(outcome.success),
            },
            proxy: Rewards { reward: both(outcome.proxy) },
            kl: outcome.kl,
            distinct: both(outcome.distinct),
            length: both(outcome.length),
            reward_model: RewardModel {
                accuracy: outcome.accuracy,
                calibration: Some(outcome.calibration.clone()),
            },
            labellers: Labellers { agreement: outcome.agreement },
            seconds: Seconds { pretrain, sft, reward, ppo },
            ppo_curve: outcome.ppo_curve.clone(),
            best_of_n: outcome.best_of_n.clone(),
            samples: outcome.samples.iter().map(told).collect(),
            settings: settings.profile,
            overrides: settings.overrides.clone(),
            weights_sha256: outcome.weights_sha256.clone(),
        }
    }
}

fn told(sample: &Sample) -> Told {
    let story =
        |(tokens, gold): &(Vec<u32>, f64), reward| Story { text: decode(tokens), gold: *gold, reward };
    Told {
        prompt: sample.prompt.text(),
        sft: story(&sample.before, sample.proxy.0),
        ppo: story(&sample.after, sample.proxy.1),
    }
}
