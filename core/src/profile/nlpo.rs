//! PPO within what a lagging policy considers.

use super::Ppo;
use crate::Error;
use crate::algorithms::Follow;
use crate::error::within;

/// NLPO (Ramamurthy et al., arXiv:2210.01241): PPO of a policy that never leaves the support of a lagging
/// copy of itself.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Nlpo {
    /// The algorithm within; its pretraining mix is not used, for what people wrote may lie outside the
    /// support.
    pub ppo: Ppo,
    /// The mass that the support reaches.
    pub top_p: f64,
    /// How the mask policy lags behind.
    pub follow: Follow,
}

impl Nlpo {
    /// Within a mass of 0.9, by a mask policy that catches up every 20 iterations. The paper searches both
    /// for each task; these are **filled in**.
    pub fn around(ppo: Ppo) -> Self {
        Self { ppo, top_p: 0.9, follow: Follow::Every { iterations: 20 } }
    }

    /// Checks every range.
    ///
    /// # Errors
    /// [`Error::Range`] names the setting; [`Error::Unknown`] for a ratio threshold, which looks at whole
    /// minibatches where the support takes each token by itself.
    pub fn validate(&self) -> Result<(), Error> {
        within("top_p", self.top_p, f64::MIN_POSITIVE, 1.0)?;
        self.follow.validate()?;
        if self.ppo.ratio_threshold.is_some() {
            return Err(Error::Unknown { name: "ratio_threshold within a support", known: "none" });
        }
        self.ppo.validate()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Profile;

    #[test]
    fn a_wrong_setting_is_named() {
        let right = Nlpo::around(Profile::instructgpt().ppo);
        right.validate().unwrap();
        assert!(matches!(Nlpo { top_p: 0.0, ..right }.validate(), Err(Error::Range { name: "top_p", .. })));
        let never = Nlpo { follow: Follow::Every { iterations: 0 }, ..right };
        assert!(matches!(never.validate(), Err(Error::Range { name: "iterations", .. })));
        let mut whole = right;
        whole.ppo.ratio_threshold = Some(10.0);
        assert!(matches!(whole.validate(), Err(Error::Unknown { .. })));
    }
}
