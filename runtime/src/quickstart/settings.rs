//! How the quickstart is run, and where it leaves the paper.

use rlhf_core::maths::{KlController, MissingEnd, Shape};
use rlhf_core::model::Architecture;
use rlhf_core::profile::{Profile, Supervised, WarmUpLength};
use serde::Serialize;

/// How the quickstart is run. Work is counted, never timed.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// What every draw depends on.
    pub seed: u64,
    /// The network.
    pub architecture: Architecture,
    /// Texts that the base is pretrained on, once each.
    pub corpus: u32,
    /// How it is pretrained.
    pub pretraining: Supervised,
    /// Demonstrations that people give.
    pub demonstrations: u32,
    /// Rankings of a prompt's answers that the reward model learns from, beside 400 that are held out.
    pub rankings: u32,
    /// Rollouts of PPO.
    pub iterations: u32,
    /// The longest answer, in tokens.
    pub longest: usize,
    /// Samples of each test prompt that best-of-n chooses from.
    pub best_of: usize,
    /// Whose labels the reward model learns from.
    pub labels: Labels,
    /// The recipe, with the overrides applied.
    pub profile: Profile,
    /// Where the recipe leaves InstructGPT's, and why.
    pub overrides: Vec<Override>,
}

/// Whose labels the reward model learns from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Labels {
    /// The labellers'.
    Labellers,
    /// The labellers', dealt out anew among each prompt's answers: a control, from which nothing
    /// can be learnt.
    Shuffled,
}

/// A setting that is not the paper's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Override {
    /// The setting.
    pub setting: &'static str,
    /// The paper's value.
    pub paper: String,
    /// The value here.
    pub here: String,
    /// Why.
    pub reason: &'static str,
}

/// The learning rates of networks of 0.2 million parameters: a thousandth of the width wants about
/// a hundred times the rate.
const SMALL: &str = "a network this small learns at about a hundred times the rate of a large one";

impl Settings {
    /// The quickstart under a seed.
    pub fn new(seed: u64) -> Self {
        let mut profile = Profile::instructgpt();
        let mut overrides = Vec::new();
        let mut set = |setting, paper: String, here: String, reason| {
            overrides.push(Override { setting, paper, here, reason });
        };
        let mut pretraining =
            Supervised { epochs: 1, batch: 64, dropout: 0.0, optimiser: profile.reward.optimiser };
        pretraining.optimiser.learning_rate = 3e-3;
        pretraining.optimiser.warm_up = WarmUpLength::Steps(50);
        pretraining.optimiser.max_grad_norm = Some(1.0);

        if let Some(s) = &mut profile.supervised {
            set("sft.learning_rate", "9.65e-6".into(), "1e-3".into(), SMALL);
            s.optimiser.learning_rate = 1e-3;
            set(
                "sft.epochs",
                "16".into(),
                "4".into(),
                "more passes only learn this few demonstrations by heart",
            );
            s.epochs = 4;
            set("sft.dropout", "0.2".into(), "0".into(), "four passes do not overfit");
            s.dropout = 0.0;
        }
        set("reward.learning_rate", "9e-6".into(), "1e-3".into(), SMALL);
        profile.reward.optimiser.learning_rate = 1e-3;
        set("reward.batch", "64".into(), "32".into(), "fewer rankings: more steps of one pass");
        profile.reward.batch = Some(32);

        let p = &mut profile.ppo;
        set(
            "ppo.beta",
            "0.02".into(),
            "0.05".into(),
            "a small reward model is wrong sooner: stay nearer to the supervised policy",
        );
        p.controller = KlController::Fixed { beta: 0.05 };
        set("ppo.policy.learning_rate", "not published".into(), "1e-3".into(), SMALL);
        p.policy.learning_rate = 1e-3;
        set("ppo.critic.learning_rate", "9e-6".into(), "2e-3".into(), SMALL);
        p.critic.learning_rate = 2e-3;
        set("ppo.batch", "512".into(), "256".into(), "two minutes, not two weeks");
        p.batch = Some(256);
        set("ppo.minibatches", "8".into(), "4".into(), "minibatches of 64, as the paper's");
        p.minibatches = 4;
        set(
            "ppo.average",
            "0.992".into(),
            "0.9".into(),
            "an average over 125 of 40 iterations would never leave the start",
        );
        p.average = Some(0.9);
        set(
            "ppo.pretraining.coefficient",
            "27.8".into(),
            "0.5".into(),
            "27.8 belongs to losses summed over the paper's batches; at this rate it would drown the reward",
        );
        if let Some(mix) = &mut p.pretraining {
            mix.coefficient = 0.5;
        }
        set(
            "ppo.missing_end",
            "keep".into(),
            "subtract 1".into(),
            "a cut-off story is a bad one, and short runs must learn that soon",
        );
        p.shaping.missing_end = MissingEnd::Subtract(1.0);
        p.policy.max_grad_norm = Some(1.0);
        p.critic.max_grad_norm = Some(1.0);
        p.policy.shape = Shape::Constant;
        Self {
            seed,
            architecture: Architecture::gpt2(super::world::vocabulary().len(), 64, 64, 3, 4),
            corpus: 80_000,
            pretraining,
            demonstrations: 2048,
            rankings: 5400,
            iterations: 40,
            longest: 40,
            best_of: 32,
            labels: Labels::Labellers,
            profile,
            overrides,
        }
    }

    /// Another KL coefficient.
    pub fn with_beta(mut self, beta: f64) -> Self {
        self.profile.ppo.controller = KlController::Fixed { beta };
        self
    }
}
