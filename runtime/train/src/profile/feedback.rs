//! Learning from feedback on single responses: labels (KTO), and the rewards that a log holds.

use super::optimizer::rising;
use super::{Passes, WarmUpLength};
use rlhf_core::Error;
use rlhf_core::loss::{Counterfactual, Kto, KtoLoss, Normalizer};
use rlhf_core::optim::Shape;
use rlhf_core::ranges::within;

/// Learning from responses that are desirable or not.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct KtoTraining {
    /// The loss of a label.
    pub objective: Kto,
    /// Passes over the responses; batches of 2 or more where there is a baseline, which mismatches them.
    #[serde(flatten)]
    pub passes: Passes,
}

impl KtoTraining {
    /// The names that [`Self::by_name`] knows, joined by commas.
    pub(super) const LIST: &str = "kto, apo_zero_unpaired";

    /// The method of this name: `kto` (Ethayarajh et al., arXiv:2402.01306) or `apo_zero_unpaired`
    /// (D'Oosterlinck et al., arXiv:2408.06266), with the optimizer of DPO
    /// ([`super::PreferenceTraining::by_name`]) but a rate of 5e-6, the highest that TRL's documentation
    /// advises for β = 0.1.
    ///
    /// # Errors
    /// [`Error::Unknown`] lists the names.
    pub fn by_name(name: &str) -> Result<Self, Error> {
        let loss = match name {
            "kto" => KtoLoss::Kto,
            "apo_zero_unpaired" => KtoLoss::ApoZeroUnpaired,
            _ => return Err(Error::Unknown { name: "method of labels", known: Self::LIST }),
        };
        let passes = Passes::once(64, rising(5e-6, Shape::Constant, WarmUpLength::Steps(150)));
        Ok(Self { objective: Kto { loss, ..Kto::default() }, passes })
    }

    /// The names that [`Self::by_name`] knows.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Self::LIST.split(", ")
    }

    /// Checks every range.
    ///
    /// # Errors
    /// [`Error::Range`] names the setting.
    pub fn validate(&self) -> Result<(), Error> {
        self.objective.validate()?;
        if self.objective.loss == KtoLoss::Kto {
            within("batch", f64::from(self.passes.batch), 2.0, f64::MAX)?;
        }
        self.passes.validate()
    }
}

/// Learning from what a policy wrote before, with the reward that each response got.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BanditTraining {
    /// The loss of a logged reward.
    pub objective: Counterfactual,
    /// Passes over the log.
    #[serde(flatten)]
    pub passes: Passes,
}

impl BanditTraining {
    /// The names that [`Self::by_name`] knows, joined by commas.
    pub(super) const LIST: &str = "bandit, ips";

    /// The estimator of this name: `bandit`, which normalizes by the weights (SNIPS, Swaminathan and
    /// Joachims, NIPS 2015) and so learns from rewards of one sign and from logs without probabilities, or
    /// `ips`, whose weights are clipped at 10. **Not published** for networks of today, and so filled in:
    /// the clip, and an optimizer as DPO's.
    ///
    /// # Errors
    /// [`Error::Unknown`] lists the names.
    pub fn by_name(name: &str) -> Result<Self, Error> {
        let objective = match name {
            "bandit" => Counterfactual { normalizer: Normalizer::Weights, clip: None },
            "ips" => Counterfactual { normalizer: Normalizer::Count, clip: Some(10.0) },
            _ => return Err(Error::Unknown { name: "estimator", known: Self::LIST }),
        };
        let passes = Passes::once(64, rising(1e-6, Shape::Constant, WarmUpLength::Steps(150)));
        Ok(Self { objective, passes })
    }

    /// The names that [`Self::by_name`] knows.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Self::LIST.split(", ")
    }

    /// Checks every range.
    ///
    /// # Errors
    /// [`Error::Range`] names the setting.
    pub fn validate(&self) -> Result<(), Error> {
        self.objective.validate()?;
        self.passes.validate()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_valid() {
        for name in KtoTraining::names() {
            KtoTraining::by_name(name).unwrap().validate().unwrap();
        }
        for name in BanditTraining::names() {
            BanditTraining::by_name(name).unwrap().validate().unwrap();
        }
        assert!(KtoTraining::by_name("ips").is_err() && BanditTraining::by_name("kto").is_err());
    }

    #[test]
    fn a_baseline_needs_two_responses() {
        let kto = KtoTraining::by_name("kto").unwrap();
        let passes = Passes { batch: 1, ..kto.passes };
        assert!(KtoTraining { passes, ..kto }.validate().is_err());
        let apo = KtoTraining::by_name("apo_zero_unpaired").unwrap();
        KtoTraining { passes, ..apo }.validate().unwrap();
    }
}
