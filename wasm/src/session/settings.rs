//! What a visitor can set.

use super::Error;
use rlhf_core::advantage::KlController;
use rlhf_core::ranges::within;
use rlhf_train::profile::{self, Profile, WarmUpLength};
use serde::{Deserialize, Serialize};

/// The settings of a session. They act at once: at the next iteration.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Settings {
    /// β: the KL penalty, per nat; 0 to 10.
    pub beta: f64,
    /// The temperature of sampling and of training, 0.1 to 4.
    pub temperature: f64,
    /// The policy's learning rate, 0 to 0.1.
    pub learning_rate: f64,
    /// The critic's learning rate, 0 to 0.1.
    pub critic_learning_rate: f64,
    /// Rollouts of an iteration, 2 to 512.
    pub batch: u32,
    /// Passes over a rollout, 1 to 16.
    pub epochs: u32,
    /// Minibatches of a pass, 1 to `batch`.
    pub minibatches: u32,
    /// The longest reply in tokens, 1 or more.
    pub max_new_tokens: u32,
    /// Passes of the reward model over the votes, 1 to 200.
    pub reward_epochs: u32,
    /// The reward model's learning rate, 0 to 0.1.
    pub reward_learning_rate: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            beta: 0.15,
            temperature: 1.0,
            learning_rate: 3e-4,
            critic_learning_rate: 6e-4,
            batch: 48,
            epochs: 2,
            minibatches: 2,
            max_new_tokens: 32,
            reward_epochs: 8,
            reward_learning_rate: 1e-3,
        }
    }
}

impl Settings {
    /// Checks every range.
    pub(crate) fn validate(&self) -> Result<(), Error> {
        within("beta", self.beta, 0.0, 10.0)?;
        within("temperature", self.temperature, 0.1, 4.0)?;
        for (name, rate) in [
            ("learningRate", self.learning_rate),
            ("criticLearningRate", self.critic_learning_rate),
            ("rewardLearningRate", self.reward_learning_rate),
        ] {
            within(name, rate, 0.0, 0.1)?;
        }
        within("batch", f64::from(self.batch), 2.0, 512.0)?;
        within("epochs", f64::from(self.epochs), 1.0, 16.0)?;
        within("minibatches", f64::from(self.minibatches), 1.0, f64::from(self.batch))?;
        within("maxNewTokens", f64::from(self.max_new_tokens), 1.0, 4096.0)?;
        Ok(within("rewardEpochs", f64::from(self.reward_epochs), 1.0, 200.0)?)
    }

    /// PPO's settings: those for small networks, without a warm-up, since a visitor may go on for ever.
    pub(crate) fn ppo(&self) -> profile::Ppo {
        let small = Profile::instructgpt().small().ppo;
        let steady = |optimizer: profile::Optimizer, learning_rate| profile::Optimizer {
            learning_rate,
            shape: rlhf_core::optim::Shape::Constant,
            warm_up: WarmUpLength::Steps(0),
            ..optimizer
        };
        profile::Ppo {
            batch: Some(self.batch),
            epochs: self.epochs,
            minibatches: self.minibatches,
            temperature: self.temperature,
            controller: KlController::Fixed { beta: self.beta },
            ratio_threshold: Some(10.0),
            policy: steady(small.policy, self.learning_rate),
            critic: steady(small.critic, self.critic_learning_rate),
            ..small
        }
    }

    /// The reward model's settings.
    pub(crate) fn reward(&self) -> profile::RewardModel {
        let small = Profile::instructgpt().small().reward;
        profile::RewardModel {
            epochs: self.reward_epochs,
            optimizer: profile::Optimizer { learning_rate: self.reward_learning_rate, ..small.optimizer },
            ..small
        }
    }
}
