//! Every convention in which published RLHF code bases differ, as one value.
//!
//! A profile is a starting point: change a field, and say so. [`Profile::by_name`] gives those that
//! follow a reference; what that reference does not publish is marked in its documentation.

mod distillation;
mod expert_iteration;
mod feedback;
mod ilql;
mod method;
mod names;
mod nlpo;
mod on_policy;
mod online;
mod optimizer;
mod passes;
mod ppo;
mod preference;
mod references;
mod reward;
mod rollout_passes;
mod small;
mod trust_region;

pub use distillation::DistillationTraining;
pub use expert_iteration::ExpertIteration;
pub use feedback::{BanditTraining, KtoTraining};
pub use ilql::IlqlTraining;
pub use method::Method;
pub use nlpo::Nlpo;
pub use on_policy::{Credit, OnPolicy};
pub use online::{OnlineMethod, OnlinePreference, Opponent};
pub use optimizer::{Optimizer, WarmUpLength};
pub use passes::Passes;
pub use ppo::{AdvantageWhitening, CriticInit, Ppo, PretrainingMix};
pub use preference::PreferenceTraining;
pub use reward::{
    Grading, HeadInit, PreferenceModelPretraining, RewardEnsemble, RewardLoss, RewardModel,
    RewardNormalization,
};
pub use rollout_passes::RolloutPasses;
pub use small::SMALL;
pub use trust_region::TrustRegion;

use rlhf_core::Error;

/// A recipe: how the three steps of InstructGPT are done.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Profile {
    /// Step 1, where the reference gives it.
    pub supervised: Option<Supervised>,
    /// Step 2.
    pub reward: RewardModel,
    /// Step 3, as the paper does it.
    pub ppo: Ppo,
    /// The method of step 3; PPO where stored settings have none.
    #[serde(default)]
    pub method: Method,
}

/// Step 1: supervised fine-tuning, as passes over the demonstrations.
pub type Supervised = Passes;

const NAMES: &str = "instructgpt, ziegler2019, huang2024, trl, openrlhf, small";

impl Profile {
    /// The profile of this name: `instructgpt`, `ziegler2019`, `huang2024`, `trl`, `openrlhf`, or [`SMALL`], which is
    /// [`Self::small`] of `instructgpt`.
    ///
    /// # Errors
    /// [`Error::Unknown`] lists the names.
    ///
    /// ```
    /// use rlhf_train::profile::Profile;
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
            SMALL => Self::instructgpt().small(),
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
        self.supervised.map_or(Ok(()), |passes| passes.validate())?;
        self.reward.validate()?;
        self.ppo.validate()?;
        self.method.validate(&self.ppo)
    }
}

impl Profile {
    /// Replaces step 3 of the recipe, for responses of at most `longest` tokens. A2C (Mnih et al.,
    /// arXiv:1602.01783) is PPO with one step a rollout: its ratios are 1, so that no clip holds and
    /// its gradient is the policy gradient's. NLPO is PPO without a pretraining mix.
    ///
    /// # Errors
    /// [`Error::Unknown`] lists the names.
    pub fn with_method(mut self, name: &str, longest: u32) -> Result<Self, Error> {
        self.method = match name {
            "ppo" => Method::Ppo,
            "a2c" => {
                (self.ppo.epochs, self.ppo.minibatches) = (1, 1);
                Method::Ppo
            }
            _ => {
                match Method::by_name(name).ok_or(Error::Unknown { name: "method", known: method::KNOWN })? {
                    Method::OnPolicy(settings) => Method::OnPolicy(settings.with_longest(longest)),
                    Method::Nlpo(settings) => {
                        self.ppo.pretraining = None;
                        Method::Nlpo(settings)
                    }
                    method => method,
                }
            }
        };
        Ok(self)
    }

    /// Responses that step 3 samples in an iteration; `None` where it learns from stored texts alone.
    pub fn responses_per_iteration(&self) -> Option<u64> {
        let groups = |prompts: u32, group: u32| u64::from(prompts) * u64::from(group);
        Some(match self.method {
            Method::Ppo => self.ppo.responses_per_iteration().into(),
            Method::OnPolicy(settings) => groups(settings.prompts, settings.group),
            Method::Online(settings) => groups(settings.prompts, settings.method.samples()),
            Method::ExpertIteration(settings) => groups(settings.prompts, settings.group),
            Method::Nlpo(_) => self.ppo.responses_per_iteration().into(),
            Method::Trpo(settings) => groups(settings.prompts, settings.group),
            Method::Distillation(settings) if settings.own > 0.0 => settings.passes.batch.into(),
            _ => return None,
        })
    }

    /// Minibatches into which step 3 splits an iteration's responses; `None` where it does not, or takes fewer
    /// where there are not as many responses.
    pub fn minibatches(&self) -> Option<u32> {
        match self.method {
            Method::Ppo => Some(self.ppo.minibatches),
            Method::OnPolicy(settings) => Some(settings.passes.minibatches),
            Method::Nlpo(_) => Some(self.ppo.minibatches),
            _ => None,
        }
    }

    /// The temperature of step 3: the divisor of logits in sampling and in training.
    pub fn temperature(&self) -> f64 {
        match self.method {
            Method::OnPolicy(settings) => settings.temperature,
            Method::Online(settings) => settings.temperature,
            Method::ExpertIteration(settings) => settings.temperature,
            Method::Trpo(settings) => settings.temperature,
            // What learns from others' texts samples only to be measured.
            _ => self.ppo.temperature,
        }
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
    use rlhf_core::optim::WarmUp;

    #[test]
    fn every_profile_is_valid_and_different() {
        let all = || Profile::names().map(|name| (name, Profile::by_name(name).unwrap()));
        assert_eq!(all().count(), 6);
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
        p.reward.optimizer.adam.beta1 = 1.0;
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
}
