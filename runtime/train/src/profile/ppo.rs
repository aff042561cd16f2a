//! The settings of PPO.

use super::optimizer::Optimizer;
use super::reward::HeadInit;
use rlhf_core::Error;
use rlhf_core::advantage::{Gae, KlController, Shaping, Whitening};
use rlhf_core::loss::PolicyClip;
use rlhf_core::ranges::{finite, positive, within};

/// The initialization of the critic.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum CriticInit {
    /// As the reward model, head and all.
    RewardModel,
    /// As the policy, with a new head.
    Policy(HeadInit),
}

/// Step 3: PPO.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Ppo {
    /// Responses a rollout, where the reference gives it; `minibatches` or more.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub batch: Option<u32>,
    /// Passes over a rollout, 1 or more.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub epochs: u32,
    /// Minibatches, one optimizer step each, in a pass; 1 or more.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub minibatches: u32,
    /// Logits are divided by this, in sampling and in training; above 0.
    #[cfg_attr(feature = "schema", schemars(extend("exclusiveMinimum" = 0)))]
    pub temperature: f64,
    /// Rewards from scores and KL.
    pub shaping: Shaping,
    /// β, the KL coefficient, per nat; an adaptive one has a target in nats and a horizon in episodes.
    pub controller: KlController,
    /// Whitening of the rewards of a rollout, over all its steps.
    pub reward_whitening: Option<Whitening>,
    /// Advantages and returns.
    pub gae: Gae,
    /// Whitening of the advantages, over tokens; returns come before it.
    pub advantage_whitening: AdvantageWhitening,
    /// The policy loss's clip.
    pub policy_clip: PolicyClip,
    /// A mean ratio above this silences a minibatch; above 0.
    #[cfg_attr(feature = "schema", schemars(extend("exclusiveMinimum" = 0)))]
    pub ratio_threshold: Option<f64>,
    /// The entropy bonus's coefficient.
    pub entropy: f64,
    /// The value loss's clip, in units of reward: how far values may move in a rollout; 0 or more.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub value_clip: Option<f64>,
    /// The value loss's coefficient, 0 or more. With an optimizer of its own only Adam's ε and the gradient clip see
    /// it.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub value_coefficient: f64,
    /// The initialization of the critic.
    pub critic_init: CriticInit,
    /// The policy's optimizer.
    pub policy: Optimizer,
    /// The critic's optimizer.
    pub critic: Optimizer,
    /// PPO-ptx's pretraining mix: its coefficient, and examples per response.
    pub pretraining: Option<PretrainingMix>,
    /// The decay of the moving average of the policy's weights, per iteration; 0 to 1.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 1)))]
    pub average: Option<f64>,
    /// Dropout in training, a probability of 0 to 0.99.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = rlhf_core::ranges::MAX_DROPOUT)))]
    pub dropout: f64,
}

/// The stage at which advantages are whitened.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum AdvantageWhitening {
    /// Never.
    None,
    /// Once a rollout.
    Batch(Whitening),
    /// In each minibatch, each pass again.
    Minibatch(Whitening),
}

/// PPO-ptx's pretraining gradients (arXiv:2203.02155, eq. 2).
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PretrainingMix {
    /// γ: the coefficient of the pretraining loss, 0 or more.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub coefficient: f64,
    /// Pretraining examples per response, 0 to 1024.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = MOST_EXAMPLES)))]
    pub examples: f64,
}

/// Pretraining examples per response, at most: InstructGPT takes eight times as many as responses.
const MOST_EXAMPLES: f64 = 1024.0;

impl Ppo {
    /// Checks every range.
    ///
    /// # Errors
    /// [`Error::Range`] names the setting.
    pub fn validate(&self) -> Result<(), Error> {
        within("ppo batch", self.batch.map_or(1.0, f64::from), 1.0, f64::MAX)?;
        within("epochs", f64::from(self.epochs), 1.0, f64::MAX)?;
        within("minibatches", f64::from(self.minibatches), 1.0, f64::MAX)?;
        positive("temperature", self.temperature)?;
        self.shaping.validate()?;
        self.controller.validate()?;
        self.reward_whitening.map_or(Ok(()), |whitening| whitening.validate())?;
        if let AdvantageWhitening::Batch(w) | AdvantageWhitening::Minibatch(w) = self.advantage_whitening {
            w.validate()?;
        }
        self.gae.validate()?;
        self.policy_clip.validate()?;
        self.ratio_threshold.map_or(Ok(()), |threshold| positive("ratio_threshold", threshold))?;
        finite("entropy", &[self.entropy])?;
        self.value_clip.map_or(Ok(()), |clip| within("value_clip", clip, 0.0, f64::MAX))?;
        within("value_coefficient", self.value_coefficient, 0.0, f64::MAX)?;
        rlhf_core::ranges::dropout(self.dropout)?;
        if let Some(average) = self.average {
            within("average", average, 0.0, 1.0)?;
        }
        if let Some(mix) = self.pretraining {
            within("pretraining coefficient", mix.coefficient, 0.0, f64::MAX)?;
            within("pretraining examples", mix.examples, 0.0, MOST_EXAMPLES)?;
        }
        if let CriticInit::Policy(head) = self.critic_init {
            head.validate()?;
        }
        self.policy.validate()?;
        self.critic.validate()
    }

    /// Responses a rollout: `batch`, or 64 where that is not given.
    pub fn responses_per_iteration(&self) -> u32 {
        self.batch.unwrap_or(64)
    }

    /// Optimizer steps a rollout.
    pub fn steps_per_iteration(&self) -> u64 {
        u64::from(self.epochs) * u64::from(self.minibatches)
    }
}
