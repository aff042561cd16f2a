//! Policy optimisation within a trust region.

use super::{Credit, OnPolicy};
use rlhf_core::Error;
use rlhf_core::advantage::MissingEnd;
use rlhf_core::optim::Trpo;

/// TRPO (Schulman et al., arXiv:1502.05477) on rollouts without a critic: each is learnt from by one step
/// along the natural gradient. It has no optimizer.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TrustRegion {
    /// Prompts a rollout, 1 or more.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub prompts: u32,
    /// Responses to each prompt, 1 or more; 2 where they are compared with one another.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub group: u32,
    /// Logits are divided by this, in sampling and in training; above 0.
    #[cfg_attr(feature = "schema", schemars(extend("exclusiveMinimum" = 0)))]
    pub temperature: f64,
    /// β, per nat: the KL penalty from the reference, in units of reward; 0 or more.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub beta: f64,
    /// The cost of a missing end, before responses are compared.
    #[serde(default)]
    pub missing_end: MissingEnd,
    /// Rewards to advantages.
    pub credit: Credit,
    /// The step.
    pub step: Trpo,
}

impl Default for TrustRegion {
    /// Rollouts and advantages as [`OnPolicy::rloo`] has them, the step as [`Trpo::default`].
    fn default() -> Self {
        let OnPolicy { prompts, group, temperature, beta, missing_end, credit, .. } = OnPolicy::rloo();
        Self { prompts, group, temperature, beta, missing_end, credit, step: Trpo::default() }
    }
}

impl TrustRegion {
    /// Settings of a policy gradient with the same rollouts and advantages.
    pub fn rollouts(&self) -> OnPolicy {
        let Self { prompts, group, temperature, beta, missing_end, credit, .. } = *self;
        OnPolicy { prompts, group, temperature, beta, missing_end, credit, ..OnPolicy::reinforce() }
    }

    /// Checks every range.
    ///
    /// # Errors
    /// As [`OnPolicy::validate`] and [`Trpo::validate`].
    pub fn validate(&self) -> Result<(), Error> {
        self.rollouts().validate()?;
        self.step.validate()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_setting_is_named() {
        let right = TrustRegion::default();
        right.validate().unwrap();
        let alone = TrustRegion { group: 1, ..right };
        assert_eq!(alone.validate(), Err(Error::TooFew { name: "group", need: 2, got: 1 }));
        let far = TrustRegion { step: Trpo { max_kl: 0.0, ..right.step }, ..right };
        assert!(matches!(far.validate(), Err(Error::Range { name: "max_kl", .. })));
    }
}
