//! A student and its teacher.

use super::optimizer::rising;
use super::{Passes, WarmUpLength};
use rlhf_core::Error;
use rlhf_core::loss::{Distillation, Divergence};
use rlhf_core::optim::Shape;
use rlhf_core::ranges::within;

/// Learning a teacher's distributions, on given texts or on what the student writes itself.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DistillationTraining {
    /// The loss of a token.
    pub objective: Distillation,
    /// The number of the teacher's likeliest ids that are learned from at each token, 1 or more; `None`: all of them.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub top: Option<u32>,
    /// λ: the share of steps that learn from the student's own responses to the texts' prompts, at temperature 1; 0
    /// to 1.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 1)))]
    pub own: f64,
    /// Passes over the texts.
    #[serde(flatten)]
    pub passes: Passes,
}

impl DistillationTraining {
    /// The names that [`Self::by_name`] knows, joined by commas.
    pub(super) const LIST: &str = "distillation, gkd";

    /// The method of this name: `distillation` ([`Self::offline`]) or `gkd` ([`Self::gkd`]).
    ///
    /// # Errors
    /// [`Error::Unknown`] lists the names.
    pub fn by_name(name: &str) -> Result<Self, Error> {
        Ok(match name {
            "distillation" => Self::offline(),
            "gkd" => Self::gkd(),
            _ => return Err(Error::Unknown { name: "method of distillation", known: Self::LIST }),
        })
    }

    /// The names that [`Self::by_name`] knows.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Self::LIST.split(", ")
    }

    /// From given texts, by the forward KL (Hinton et al., arXiv:1503.02531).
    ///
    /// **Filled in**: one pass in batches of 64, a constant rate of 1e-5 after 100 steps.
    pub fn offline() -> Self {
        let passes = Passes::once(64, rising(1e-5, Shape::Constant, WarmUpLength::Steps(100)));
        Self { objective: Distillation::default(), top: None, own: 0.0, passes }
    }

    /// GKD (Agarwal et al., arXiv:2306.13649): half of the steps from the student's own responses, by the
    /// Jensen–Shannon divergence with β = ½. The paper compares several shares and divergences; the rest is
    /// as in [`Self::offline`].
    pub fn gkd() -> Self {
        let divergence = Divergence::JensenShannon { beta: 0.5 };
        let objective = Distillation { divergence, ..Distillation::default() };
        Self { objective, own: 0.5, ..Self::offline() }
    }

    /// Checks every range.
    ///
    /// # Errors
    /// [`Error::Range`] or [`Error::NotFinite`] names the setting.
    pub fn validate(&self) -> Result<(), Error> {
        self.objective.validate()?;
        within("coefficient", self.objective.coefficient, 0.0, f64::MAX)?;
        self.top.map_or(Ok(()), |top| within("top", f64::from(top), 1.0, f64::MAX))?;
        within("own", self.own, 0.0, 1.0)?;
        self.passes.validate()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_setting_is_named() {
        DistillationTraining::offline().validate().unwrap();
        let gkd = DistillationTraining::by_name("gkd").unwrap();
        assert_eq!(
            DistillationTraining::names().filter_map(|n| DistillationTraining::by_name(n).ok()).count(),
            2
        );
        let none = DistillationTraining { top: Some(0), ..gkd };
        assert!(matches!(none.validate(), Err(Error::Range { name: "top", .. })));
        gkd.validate().unwrap();
        let more = DistillationTraining { own: 1.5, ..gkd };
        assert!(matches!(more.validate(), Err(Error::Range { name: "own", .. })));
        let objective = Distillation { temperature: 0.0, ..gkd.objective };
        let cold = DistillationTraining { objective, ..gkd };
        assert!(matches!(cold.validate(), Err(Error::Range { name: "temperature", .. })));
    }
}
