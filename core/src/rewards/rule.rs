//! One reward from several reward models.

use crate::ranges::{finite, within};
use crate::{Error, Real};

/// A rule that makes one score of the members' (Coste et al., arXiv:2310.02743). σ is the members'
/// population deviation.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum EnsembleRule {
    /// The mean.
    Mean,
    /// The worst case: the lowest.
    Min,
    /// A lower confidence bound: the mean less so many σ.
    LowerBound {
        /// Deviations below the mean, 0 or more.
        #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
        deviations: f64,
    },
    /// Uncertainty-weighted: the mean less a weight times σ².
    VariancePenalized {
        /// The weight, 0 or more, per unit of score.
        #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
        weight: f64,
    },
}

/// Statistics of the members' disagreement. Sums over texts, so that parts of a batch merge.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Disagreement {
    /// Texts seen.
    pub texts: usize,
    /// Σ σ, in units of score.
    pub deviation: f64,
    /// The greatest σ.
    pub deviation_max: f64,
    /// Σ (highest − lowest score).
    pub range: f64,
}

impl Disagreement {
    /// Adds the sums of another part of the batch.
    pub fn merge(&mut self, other: &Self) {
        self.texts += other.texts;
        self.deviation += other.deviation;
        self.deviation_max = self.deviation_max.max(other.deviation_max);
        self.range += other.range;
    }

    /// Mean σ, in units of score.
    pub fn mean_deviation(&self) -> f64 {
        self.deviation / self.texts.max(1) as f64
    }

    /// The mean distance from the lowest to the highest score.
    pub fn mean_range(&self) -> f64 {
        self.range / self.texts.max(1) as f64
    }
}

impl EnsembleRule {
    /// Checks every range.
    ///
    /// # Errors
    /// [`Error::Range`] names the setting.
    pub fn validate(&self) -> Result<(), Error> {
        match *self {
            Self::Mean | Self::Min => Ok(()),
            Self::LowerBound { deviations } => within("deviations", deviations, 0.0, f64::MAX),
            Self::VariancePenalized { weight } => within("weight", weight, 0.0, f64::MAX),
        }
    }

    /// One score from the members' scores of one text, `[members]`, and how far they disagree.
    ///
    /// # Errors
    /// [`Error::TooFew`] without a member; [`Error::NotFinite`] with the member; [`Error::Range`].
    pub fn combine<R: Real>(&self, scores: &[R]) -> Result<(f64, Disagreement), Error> {
        self.validate()?;
        finite("scores", scores)?;
        if scores.is_empty() {
            return Err(Error::TooFew { name: "scores", need: 1, got: 0 });
        }
        let (n, all) = (scores.len() as f64, || scores.iter().map(|s| s.f64()));
        let mean = all().sum::<f64>() / n;
        let variance = all().map(|s| (s - mean) * (s - mean)).sum::<f64>() / n;
        let deviation = libm::sqrt(variance);
        let (low, high) = (all().fold(f64::INFINITY, f64::min), all().fold(f64::NEG_INFINITY, f64::max));
        let score = match *self {
            Self::Mean => mean,
            Self::Min => low,
            Self::LowerBound { deviations } => mean - deviations * deviation,
            Self::VariancePenalized { weight } => mean - weight * variance,
        };
        Ok((score, Disagreement { texts: 1, deviation, deviation_max: deviation, range: high - low }))
    }
}

#[cfg(test)]
mod tests;
