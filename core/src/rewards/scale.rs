//! The scale of a reward model's scores.

use crate::advantage::Variance;
use crate::advantage::whitening::{mean, variance};
use crate::{Error, Real};

/// `reward = gain·score + bias`. A pairwise loss fixes neither, so each recipe does.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize))]
pub struct RewardScale {
    /// Reward per unit of score.
    pub gain: f64,
    /// The reward of score 0.
    pub bias: f64,
}

impl Default for RewardScale {
    fn default() -> Self {
        Self { gain: 1.0, bias: 0.0 }
    }
}

impl RewardScale {
    /// The bias that makes these scores average 0: demonstrations in InstructGPT (arXiv:2203.02155,
    /// C.2), responses of the reference policy in Stiennon et al. and `huang2024`.
    ///
    /// # Errors
    /// [`Error::TooFew`] without a score; [`Error::NotFinite`].
    pub fn centered_on<R: Real>(scores: &[R]) -> Result<Self, Error> {
        Ok(Self { gain: 1.0, bias: -mean("scores", scores)? })
    }

    /// The gain and bias that make these scores (256 responses of the reference policy) average 0
    /// with variance 1: gain = 1/σ, bias = −μ/σ (Ziegler et al., arXiv:1909.08593, §2.2;
    /// lm-human-preferences `rewards.py:77-89`, population variance).
    ///
    /// # Errors
    /// [`Error::TooFew`] without a score; [`Error::NotFinite`]; [`Error::Range`] when all scores are
    /// the same.
    pub fn ziegler2019<R: Real>(scores: &[R]) -> Result<Self, Error> {
        let variance = variance("scores", scores, Variance::Population)?;
        crate::ranges::positive("variance", variance)?;
        let gain = 1.0 / libm::sqrt(variance);
        Ok(Self { gain, bias: -gain * mean("scores", scores)? })
    }

    /// The reward of a score.
    pub fn apply<R: Real>(&self, score: R) -> R {
        R::of(self.gain * score.f64() + self.bias)
    }
}

#[cfg(test)]
mod tests;
