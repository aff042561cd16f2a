//! How the quickstart is run, and where it leaves the paper.

use rlhf::engine::Device;
use rlhf::train::profile::{Profile, Supervised, WarmUpLength};
use rlhf_core::maths::KlController;
use rlhf_core::model::Architecture;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::borrow::Cow;

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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Override {
    /// The setting.
    pub setting: Cow<'static, str>,
    /// The paper's value.
    pub paper: String,
    /// The value here.
    pub here: String,
    /// Why.
    pub reason: Cow<'static, str>,
}

const SMALL: &str = "a network this small learns at about a hundred times the rate of a large one";
const STEADY: &str = "at this rate one odd minibatch must not throw the network off";

/// Sets a value, and keeps a record of it.
fn change<T: Shown>(
    overrides: &mut Vec<Override>,
    setting: &'static str,
    value: &mut T,
    here: T,
    reason: &'static str,
) {
    overrides.push(Override {
        setting: setting.into(),
        paper: value.shown(),
        here: here.shown(),
        reason: reason.into(),
    });
    *value = here;
}

/// A value as a person reads it.
trait Shown {
    fn shown(&self) -> String;
}

impl Shown for f64 {
    fn shown(&self) -> String {
        format!("{self:?}")
    }
}

impl Shown for u32 {
    fn shown(&self) -> String {
        self.to_string()
    }
}

impl<T: Shown> Shown for Option<T> {
    fn shown(&self) -> String {
        self.as_ref().map_or("none".into(), Shown::shown)
    }
}

impl Shown for KlController {
    fn shown(&self) -> String {
        self.beta().shown()
    }
}

impl Settings {
    /// The quickstart under a seed.
    pub fn new(seed: u64) -> Self {
        let mut profile = Profile::instructgpt();
        let mut overrides = Vec::new();
        let o = &mut overrides;
        // The base's: the paper does not say how its was trained.
        let mut pretraining =
            Supervised { epochs: 1, batch: 64, dropout: 0.0, optimiser: profile.reward.optimiser };
        pretraining.optimiser.learning_rate = 3e-3;
        pretraining.optimiser.warm_up = WarmUpLength::Steps(50);
        pretraining.optimiser.max_grad_norm = Some(1.0);

        if let Some(s) = &mut profile.supervised {
            change(o, "sft.learning_rate", &mut s.optimiser.learning_rate, 1e-3, SMALL);
            change(
                o,
                "sft.epochs",
                &mut s.epochs,
                4,
                "more passes only learn so few demonstrations by heart",
            );
            change(o, "sft.dropout", &mut s.dropout, 0.0, "four passes do not overfit");
        }
        let r = &mut profile.reward;
        change(o, "reward.learning_rate", &mut r.optimiser.learning_rate, 1e-3, SMALL);
        change(o, "reward.batch", &mut r.batch, Some(32), "fewer rankings: more steps in one pass");

        let p = &mut profile.ppo;
        let beta = KlController::Fixed { beta: 0.1 };
        let why = "a small reward model errs sooner: stay nearer to the supervised policy";
        change(o, "ppo.beta", &mut p.controller, beta, why);
        change(o, "ppo.policy.learning_rate", &mut p.policy.learning_rate, 5e-4, SMALL);
        change(o, "ppo.critic.learning_rate", &mut p.critic.learning_rate, 2e-3, SMALL);
        change(o, "ppo.policy.max_grad_norm", &mut p.policy.max_grad_norm, Some(1.0), STEADY);
        change(o, "ppo.critic.max_grad_norm", &mut p.critic.max_grad_norm, Some(1.0), STEADY);
        change(o, "ppo.batch", &mut p.batch, Some(256), "a run of two minutes");
        change(o, "ppo.minibatches", &mut p.minibatches, 4, "minibatches of 64, as the paper's");
        let why = "0.992 averages over some 125 iterations, and this run has 40";
        change(o, "ppo.average", &mut p.average, Some(0.9), why);
        if let Some(mix) = &mut p.pretraining {
            let why = "at this learning rate the paper's would drown the reward";
            change(o, "ppo.pretraining.coefficient", &mut mix.coefficient, 0.25, why);
        }
        Self {
            seed,
            architecture: Architecture::gpt2(super::world::vocabulary().len(), 64, 64, 3, 4),
            corpus: 64_000,
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

    /// What has to be the same for a run to be gone on with; see [`rlhf::stage::Session::keeping`].
    pub fn about(&self, device: &Device) -> Value {
        json!({
            "command": "quickstart",
            "seed": self.seed,
            "device": device.to_string(),
            "network": format!("{:?}", self.architecture),
            "corpus": self.corpus,
            "pretraining": self.pretraining,
            "demonstrations": self.demonstrations,
            "rankings": self.rankings,
            "iterations": self.iterations,
            "longest": self.longest,
            "labels": format!("{:?}", self.labels),
            "profile": self.profile,
        })
    }

    /// Another KL coefficient.
    pub fn with_beta(mut self, beta: f64) -> Self {
        self.profile.ppo.controller = KlController::Fixed { beta };
        self
    }
}
