//! The settings of ILQL.

use super::Passes;
use super::optimizer::optimizer;
use rlhf_core::Error;
use rlhf_core::loss::Ilql;
use rlhf_core::optim::{Follow, Shape};
use rlhf_core::ranges::finite;

/// ILQL (Snell et al., arXiv:2206.11871): action values and state values from texts with rewards, offline.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct IlqlTraining {
    /// The loss of a token.
    pub objective: Ilql,
    /// The weight of the values in sampling, in nats per unit of reward
    /// ([`rlhf_core::sampling::Advantage`]).
    pub beta: f64,
    /// The policy keeps to its so many likeliest tokens; 0: to none.
    pub top_k: u32,
    /// The update of the target action values, step by step.
    pub follow: Follow,
    /// Passes over the texts, with this optimizer for each network.
    #[serde(flatten)]
    pub passes: Passes,
}

impl Default for IlqlTraining {
    /// The targets close 0.005 of their gap at each step, as in IQL (Kostrikov et al., arXiv:2110.06169).
    ///
    /// **Filled in**: a policy guided by 4 nats per unit of reward among all tokens, one pass in batches of 64, a constant rate of 1e-4 without a warm-up.
    fn default() -> Self {
        Self {
            objective: Ilql::default(),
            beta: 4.0,
            top_k: 0,
            follow: Follow::Average { decay: 0.995 },
            passes: Passes::once(64, optimizer(1e-4, Shape::Constant)),
        }
    }
}

impl IlqlTraining {
    /// Checks every range.
    ///
    /// # Errors
    /// [`Error::Range`] names the setting.
    pub fn validate(&self) -> Result<(), Error> {
        self.objective.validate()?;
        finite("beta", &[self.beta])?;
        self.follow.validate()?;
        self.passes.validate()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_setting_is_named() {
        let right = IlqlTraining::default();
        right.validate().unwrap();
        let far = IlqlTraining { follow: Follow::Average { decay: 1.5 }, ..right };
        assert!(matches!(far.validate(), Err(Error::Range { name: "decay", .. })));
        let objective = Ilql { expectile: 0.0, ..right.objective };
        let none = IlqlTraining { objective, ..right };
        assert!(matches!(none.validate(), Err(Error::Range { name: "expectile", .. })));
    }
}
