//! PPO within what a lagging policy considers.

use super::Ppo;
use rlhf_core::Error;
use rlhf_core::optim::Follow;
use rlhf_core::ranges::within;

/// NLPO (Ramamurthy et al., arXiv:2210.01241): [`Ppo`] of a policy that never leaves the support of a
/// lagging copy of itself.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Nlpo {
    /// The mass that the support reaches; above 0, at most 1.
    #[cfg_attr(feature = "schema", schemars(range(max = 1), extend("exclusiveMinimum" = 0)))]
    pub top_p: f64,
    /// The lag of the mask policy.
    pub follow: Follow,
}

impl Default for Nlpo {
    /// A mass of 0.9, and a mask policy that catches up every 20 iterations. The paper searches both
    /// for each task; these are **filled in**.
    fn default() -> Self {
        Self { top_p: 0.9, follow: Follow::Every { iterations: 20 } }
    }
}

impl Nlpo {
    /// Checks every range, and that `ppo` can be done within a support.
    ///
    /// # Errors
    /// [`Error::Range`] names the setting; [`Error::Unknown`] for a ratio threshold, which looks at whole
    /// minibatches where the support takes each token by itself, and for a pretraining mix, whose texts may
    /// lie outside the support.
    pub fn validate(&self, ppo: &Ppo) -> Result<(), Error> {
        within("top_p", self.top_p, f64::MIN_POSITIVE, 1.0)?;
        self.follow.validate()?;
        if ppo.ratio_threshold.is_some() {
            return Err(Error::Unknown { name: "ratio_threshold within a support", known: "none" });
        }
        if ppo.pretraining.is_some() {
            return Err(Error::Unknown { name: "pretraining mix within a support", known: "none" });
        }
        ppo.validate()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Profile;

    #[test]
    fn a_wrong_setting_is_named() {
        let (right, ppo) = (Nlpo::default(), Profile::trl().ppo);
        right.validate(&ppo).unwrap();
        let narrow = Nlpo { top_p: 0.0, ..right };
        assert!(matches!(narrow.validate(&ppo), Err(Error::Range { name: "top_p", .. })));
        let never = Nlpo { follow: Follow::Every { iterations: 0 }, ..right };
        assert!(matches!(never.validate(&ppo), Err(Error::Range { name: "iterations", .. })));
        let whole = Ppo { ratio_threshold: Some(10.0), ..ppo };
        assert!(matches!(right.validate(&whole), Err(Error::Unknown { .. })));
        assert!(matches!(right.validate(&Profile::instructgpt().ppo), Err(Error::Unknown { .. })));
    }
}
