//! Every convention in which published RLHF code bases differ, as one value.
//!
//! A profile is a starting point: change a field, and say so. [`Profile::by_name`] gives those that
//! follow a reference; what that reference does not publish is marked in its documentation.

#[cfg(feature = "alloc")]
mod distillation;
mod expert_iteration;
mod feedback;
#[cfg(feature = "alloc")]
mod ilql;
mod method;
#[cfg(feature = "alloc")]
mod nlpo;
mod on_policy;
mod online;
mod preference;
mod references;
mod reward;
#[cfg(feature = "alloc")]
mod trust_region;

#[cfg(feature = "alloc")]
pub use distillation::DistillationTraining;
pub use expert_iteration::ExpertIteration;
pub use feedback::{BanditTraining, KtoTraining};
#[cfg(feature = "alloc")]
pub use ilql::IlqlTraining;
pub use method::Method;
#[cfg(feature = "alloc")]
pub use nlpo::Nlpo;
pub use on_policy::{Credit, OnPolicy};
pub use online::{OnlineMethod, OnlinePreference, Opponent};
pub use preference::PreferenceTraining;
pub use reward::{
    Grading, HeadInit, PreferenceModelPretraining, RewardEnsemble, RewardLoss, RewardModel,
    RewardNormalisation,
};
#[cfg(feature = "alloc")]
pub use trust_region::TrustRegion;

use crate::Error;
use crate::error::within;
use crate::maths::{
    Adam, Gae, KlController, PolicyClip, Schedule, Shape, Shaping, Update, WarmUp, Whitening,
};

/// A recipe: how the three steps of InstructGPT are done.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize))]
pub struct Profile {
    /// Step 1, where the reference gives it.
    pub supervised: Option<Supervised>,
    /// Step 2.
    pub reward: RewardModel,
    /// Step 3, as the paper does it.
    pub ppo: Ppo,
    /// What step 3 does; PPO where stored settings do not say.
    #[cfg_attr(feature = "alloc", serde(default))]
    pub method: Method,
}

/// Step 1: supervised fine-tuning.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize))]
pub struct Supervised {
    /// Passes over the demonstrations.
    pub epochs: u32,
    /// Demonstrations an optimiser step.
    pub batch: u32,
    /// Residual dropout, a probability.
    pub dropout: f64,
    /// The optimiser.
    pub optimiser: Optimiser,
}

/// Where the critic starts.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum CriticInit {
    /// As the reward model, head and all.
    RewardModel,
    /// As the policy, with a new head.
    Policy(HeadInit),
}

/// Step 3: PPO.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize))]
pub struct Ppo {
    /// Responses a rollout, where the reference gives it.
    pub batch: Option<u32>,
    /// Passes over a rollout.
    pub epochs: u32,
    /// Minibatches, one optimiser step each, in a pass.
    pub minibatches: u32,
    /// What logits are divided by, in sampling and in training.
    pub temperature: f64,
    /// Rewards from scores and KL.
    pub shaping: Shaping,
    /// The KL coefficient.
    pub controller: KlController,
    /// Whitening of the rewards of a rollout, over all its steps.
    pub reward_whitening: Option<Whitening>,
    /// Advantages and returns.
    pub gae: Gae,
    /// Whitening of the advantages, over tokens; returns come before it.
    pub advantage_whitening: AdvantageWhitening,
    /// The policy loss's clip.
    pub policy_clip: PolicyClip,
    /// A mean ratio above this silences a minibatch.
    pub ratio_threshold: Option<f64>,
    /// The entropy bonus's coefficient.
    pub entropy: f64,
    /// The value loss's clip, in units of reward.
    pub value_clip: Option<f64>,
    /// The value loss's coefficient. With an optimiser of its own only Adam's ε and the gradient
    /// clip see it.
    pub value_coefficient: f64,
    /// Where the critic starts.
    pub critic_init: CriticInit,
    /// The policy's optimiser.
    pub policy: Optimiser,
    /// The critic's optimiser.
    pub critic: Optimiser,
    /// PPO-ptx's pretraining mix.
    pub pretraining: Option<PretrainingMix>,
    /// The decay of the moving average of the policy's weights, per iteration.
    pub average: Option<f64>,
    /// Dropout in training, a probability.
    pub dropout: f64,
}

/// When advantages are whitened.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum AdvantageWhitening {
    /// Never.
    None,
    /// Once a rollout.
    Batch(Whitening),
    /// In each minibatch, each pass again.
    Minibatch(Whitening),
}

/// PPO-ptx's pretraining gradients (arXiv:2203.02155, eq. 2).
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize))]
pub struct PretrainingMix {
    /// γ: the coefficient of the pretraining loss.
    pub coefficient: f64,
    /// Pretraining examples per response.
    pub examples: f64,
}

/// An optimiser and how its rate runs.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize))]
pub struct Optimiser {
    /// The highest learning rate.
    pub learning_rate: f64,
    /// Adam's settings.
    pub adam: Adam,
    /// How the rate falls.
    pub shape: Shape,
    /// How long the rate rises.
    pub warm_up: WarmUpLength,
    /// The share of the highest rate that the rise starts from.
    pub warm_up_from: f64,
    /// The largest global norm of a gradient.
    pub max_grad_norm: Option<f64>,
}

/// How long a warm-up lasts.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum WarmUpLength {
    /// Optimiser steps.
    Steps(u64),
    /// Rollouts, with all their optimiser steps.
    Iterations(u64),
    /// A share of the run, rounded up to whole steps.
    Share(f64),
}

impl Optimiser {
    /// The rates of a run of `total` optimiser steps, `per_iteration` of them for each rollout (1
    /// where there are no rollouts).
    pub fn schedule(&self, total: u64, per_iteration: u64) -> Schedule {
        let steps = match self.warm_up {
            WarmUpLength::Steps(steps) => steps,
            WarmUpLength::Iterations(iterations) => iterations.saturating_mul(per_iteration),
            WarmUpLength::Share(share) => libm::ceil(share * total as f64) as u64,
        };
        let warm_up = WarmUp { steps, from: self.warm_up_from };
        Schedule { peak: self.learning_rate, warm_up, shape: self.shape, total }
    }

    /// The settings of the optimiser step with this index, from 0.
    pub fn update(&self, schedule: &Schedule, step: u64) -> Update {
        Update { learning_rate: schedule.rate(step), adam: self.adam, max_grad_norm: self.max_grad_norm }
    }

    fn validate(&self) -> Result<(), Error> {
        self.adam.validate()?;
        if let WarmUpLength::Share(share) = self.warm_up {
            within("warm_up share", share, 0.0, 1.0)?;
        }
        self.max_grad_norm.map_or(Ok(()), |max| crate::error::positive("max_grad_norm", max))?;
        self.schedule(1, 1).validate()
    }
}

impl Ppo {
    /// Checks every range.
    ///
    /// # Errors
    /// [`Error::Range`] names the setting.
    pub fn validate(&self) -> Result<(), Error> {
        within("ppo batch", self.batch.map_or(1.0, f64::from), 1.0, f64::MAX)?;
        within("epochs", f64::from(self.epochs), 1.0, f64::MAX)?;
        within("minibatches", f64::from(self.minibatches), 1.0, f64::MAX)?;
        crate::error::positive("temperature", self.temperature)?;
        self.controller.validate()?;
        self.gae.validate()?;
        self.policy_clip.validate()?;
        self.value_clip.map_or(Ok(()), |clip| within("value_clip", clip, 0.0, f64::MAX))?;
        within("value_coefficient", self.value_coefficient, 0.0, f64::MAX)?;
        within("ppo dropout", self.dropout, 0.0, 1.0)?;
        if let Some(average) = self.average {
            within("average", average, 0.0, 1.0)?;
        }
        if let Some(mix) = self.pretraining {
            within("pretraining coefficient", mix.coefficient, 0.0, f64::MAX)?;
            within("pretraining examples", mix.examples, 0.0, f64::MAX)?;
        }
        self.policy.validate()?;
        self.critic.validate()
    }

    /// Responses a rollout: `batch`, or 64 where that is not given.
    pub fn responses_per_iteration(&self) -> u32 {
        self.batch.unwrap_or(64)
    }

    /// Optimiser steps a rollout.
    pub fn steps_per_iteration(&self) -> u64 {
        u64::from(self.epochs) * u64::from(self.minibatches)
    }
}

const NAMES: &str = "instructgpt, ziegler2019, huang2024, trl, openrlhf";

impl Profile {
    /// The profile of this name: `instructgpt`, `ziegler2019`, `huang2024`, `trl` or `openrlhf`.
    ///
    /// # Errors
    /// [`Error::Unknown`] lists the names.
    ///
    /// ```
    /// use rlhf_core::profile::Profile;
    /// assert_eq!(Profile::by_name("instructgpt").unwrap().ppo.pretraining.unwrap().coefficient, 27.8);
    /// assert!(Profile::by_name("gpt").unwrap_err().to_string().contains("huang2024"));
    /// ```
    pub fn by_name(name: &str) -> Result<Self, Error> {
        Ok(match name {
            "instructgpt" => Self::instructgpt(),
            "ziegler2019" => Self::ziegler2019(),
            "huang2024" => Self::huang2024(),
            "trl" => Self::trl(),
            "openrlhf" => Self::openrlhf(),
            _ => return Err(Error::Unknown { name: "profile", known: NAMES }),
        })
    }

    /// The names that [`Self::by_name`] knows.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.split(", ")
    }

    /// Checks every range.
    ///
    /// # Errors
    /// [`Error::Range`] names the setting.
    pub fn validate(&self) -> Result<(), Error> {
        if let Some(s) = &self.supervised {
            within("supervised dropout", s.dropout, 0.0, 1.0)?;
            within("supervised batch", f64::from(s.batch), 1.0, f64::MAX)?;
            s.optimiser.validate()?;
        }
        self.reward.validate()?;
        self.ppo.validate()?;
        self.method.validate(&self.ppo)
    }
}

impl Default for Profile {
    /// [`Profile::instructgpt`].
    fn default() -> Self {
        Self::instructgpt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_profile_is_valid_and_different() {
        let all = || Profile::names().map(|name| (name, Profile::by_name(name).unwrap()));
        assert_eq!(all().count(), 5);
        for (a, x) in all() {
            x.validate().unwrap();
            assert!(all().all(|(b, y)| (a == b) == (x == y)));
        }
        assert!(Profile::by_name("x").is_err());
    }

    #[test]
    fn a_wrong_setting_is_named() {
        let mut p = Profile::default();
        p.ppo.gae.lambda = 2.0;
        assert!(matches!(p.validate(), Err(Error::Range { name: "lambda", .. })));
        let mut p = Profile::default();
        p.reward.optimiser.adam.beta1 = 1.0;
        assert!(matches!(p.validate(), Err(Error::Range { name: "beta1", .. })));
    }

    #[test]
    fn warm_ups_count_steps() {
        let p = Profile::instructgpt().ppo;
        assert_eq!(p.steps_per_iteration(), 8);
        let s = p.policy.schedule(1000, p.steps_per_iteration());
        assert_eq!(s.warm_up, WarmUp { steps: 80, from: 0.1 });
        assert!((s.rate(0) / p.policy.learning_rate - 0.1).abs() < 1e-12);
        let o = Profile::openrlhf().ppo.policy;
        let s = o.schedule(1000, 8);
        assert_eq!(s.warm_up.steps, 30);
        assert!((o.update(&s, 1000).learning_rate - 0.1 * o.learning_rate).abs() < 1e-18);
    }

    #[cfg(feature = "alloc")]
    #[test]
    fn profiles_survive_storage() {
        for name in Profile::names() {
            let p = Profile::by_name(name).unwrap();
            let bytes = postcard::to_allocvec(&p).unwrap();
            assert_eq!(postcard::from_bytes::<Profile>(&bytes), Ok(p));
        }
    }
}
