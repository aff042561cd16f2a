//! Learning from preferences over the policy's own responses.

use super::optimizer::rising;
use super::{RolloutPasses, WarmUpLength};
use rlhf_core::Error;
use rlhf_core::advantage::MissingEnd;
use rlhf_core::loss::{NashMd, Preference, PreferenceLoss};
use rlhf_core::optim::Shape;
use rlhf_core::ranges::{positive, within};

/// The comparisons of responses, and the loss on them.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum OnlineMethod {
    /// The policy's best response to a prompt against its worst: online DPO, or any other loss over pairs
    /// (Guo et al., arXiv:2402.04792).
    BestAndWorst {
        /// The loss of a pair.
        objective: Preference,
        /// Responses to each prompt, 2 in the paper.
        #[cfg_attr(feature = "schema", schemars(range(min = 2)))]
        samples: u32,
    },
    /// The policy's response against the reference's, with optimism: XPO (Xie et al., arXiv:2405.21046).
    Xpo {
        /// The loss of a pair.
        objective: Preference,
        /// α: how much a nat of the reference's responses costs.
        #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
        alpha: f64,
    },
    /// The policy's response against an opponent's, by policy gradient: Nash-MD (Munos et al.,
    /// arXiv:2312.00886).
    NashMd {
        /// The gradient's settings.
        objective: NashMd,
        /// The opponent of the policy.
        opponent: Opponent,
    },
}

impl OnlineMethod {
    /// Responses to each prompt.
    pub fn samples(&self) -> u32 {
        match self {
            Self::BestAndWorst { samples, .. } => *samples,
            Self::Xpo { .. } | Self::NashMd { .. } => 2,
        }
    }
}

/// The opponent of a policy. Nash-MD's own is the geometric mixture of policy and reference; the others are its
/// two ends, which the paper studies too and any backend can draw from.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Opponent {
    /// The reference: the policy learns the best response to it, regularized by τ.
    #[default]
    Reference,
    /// The policy itself: self-play.
    Policy,
    /// Their mixture token by token, for which a backend has to show rows of both
    /// (`sampling::Mixture`), and whose time goes with the square of the length.
    Mixture {
        /// The reference's share, 0 to 1.
        #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 1)))]
        weight: f64,
    },
}

/// Learning from preferences over the policy's own responses.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OnlinePreference {
    /// The comparisons, and the loss on them.
    pub method: OnlineMethod,
    /// Prompts an iteration, 1 or more.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub prompts: u32,
    /// Logits are divided by this, in sampling and in training; above 0.
    #[cfg_attr(feature = "schema", schemars(extend("exclusiveMinimum" = 0)))]
    pub temperature: f64,
    /// The cost of a missing end, before responses are compared.
    #[serde(default)]
    pub missing_end: MissingEnd,
    /// The passes over a rollout.
    #[serde(flatten)]
    pub passes: RolloutPasses,
}

impl OnlinePreference {
    /// The names that [`Self::by_name`] knows, joined by commas.
    pub(super) const LIST: &str = "online_dpo, online_ipo, xpo, nash_md";

    /// The method of this name, one of [`Self::names`]. Online DPO's rate (5e-7 after 150 steps) and
    /// temperature (0.9) are those of Guo et al., arXiv:2402.04792, with Adam for its Adafactor; the others
    /// share them, and XPO's α of 1e-5 and Nash-MD's τ of 0.1 are what TRL has. The 32 prompts an iteration
    /// are **filled in**.
    ///
    /// # Errors
    /// [`Error::Unknown`] lists the names.
    pub fn by_name(name: &str) -> Result<Self, Error> {
        let pairs = |loss| OnlineMethod::BestAndWorst { objective: Preference::new(loss), samples: 2 };
        let method = match name {
            "online_dpo" => pairs(PreferenceLoss::Dpo),
            "online_ipo" => pairs(PreferenceLoss::Ipo),
            "xpo" => OnlineMethod::Xpo { objective: Preference::new(PreferenceLoss::Dpo), alpha: 1e-5 },
            "nash_md" => OnlineMethod::NashMd { objective: NashMd::default(), opponent: Opponent::Reference },
            _ => return Err(Error::Unknown { name: "online method", known: Self::LIST }),
        };
        let optimizer = rising(5e-7, Shape::Constant, WarmUpLength::Steps(150));
        let passes = RolloutPasses { optimizer, ..RolloutPasses::once(1, 5e-7) };
        Ok(Self { method, prompts: 32, temperature: 0.9, missing_end: MissingEnd::Keep, passes })
    }

    /// The names that [`Self::by_name`] knows.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Self::LIST.split(", ")
    }

    /// Checks every range.
    ///
    /// # Errors
    /// [`Error::Range`] names the setting, or what [`Preference::validate`] says.
    pub fn validate(&self) -> Result<(), Error> {
        match &self.method {
            OnlineMethod::BestAndWorst { objective, samples } => {
                objective.validate()?;
                within("samples", f64::from(*samples), 2.0, f64::MAX)?;
            }
            OnlineMethod::Xpo { objective, alpha } => {
                objective.validate()?;
                within("alpha", *alpha, 0.0, f64::MAX)?;
            }
            OnlineMethod::NashMd { objective, opponent } => {
                within("tau", objective.tau, 0.0, f64::MAX)?;
                if let Opponent::Mixture { weight } = opponent {
                    within("weight", *weight, 0.0, 1.0)?;
                }
            }
        }
        within("prompts", f64::from(self.prompts), 1.0, f64::MAX)?;
        positive("temperature", self.temperature)?;
        self.missing_end.validate()?;
        if let MissingEnd::Replace(_) = self.missing_end {
            return Err(Error::Unknown { name: "missing_end of comparisons", known: "keep, subtract" });
        }
        self.passes.validate()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_valid_and_different() {
        let all = || OnlinePreference::names().map(|name| OnlinePreference::by_name(name).unwrap());
        assert_eq!(all().count(), 4);
        for (i, x) in all().enumerate() {
            x.validate().unwrap();
            assert_eq!(all().position(|y| x == y), Some(i));
        }
        assert!(OnlinePreference::by_name("dpo").is_err());
    }

    #[test]
    fn a_wrong_setting_is_named() {
        let dpo = OnlinePreference::by_name("online_dpo").unwrap();
        let objective = Preference::new(PreferenceLoss::Dpo);
        let one = OnlineMethod::BestAndWorst { objective, samples: 1 };
        let named = |x: OnlinePreference, want| match x.validate() {
            Err(Error::Range { name, .. }) => assert_eq!(name, want),
            other => panic!("{other:?}"),
        };
        named(OnlinePreference { method: one, ..dpo }, "samples");
        named(OnlinePreference { method: OnlineMethod::Xpo { objective, alpha: -1.0 }, ..dpo }, "alpha");
        let opponent = Opponent::Mixture { weight: 1.5 };
        let mixed = OnlineMethod::NashMd { objective: NashMd::default(), opponent };
        named(OnlinePreference { method: mixed, ..dpo }, "weight");
        named(OnlinePreference { temperature: 0.0, ..dpo }, "temperature");
        let passes = RolloutPasses { minibatches: 0, ..dpo.passes };
        named(OnlinePreference { passes, ..dpo }, "minibatches");
    }
}
