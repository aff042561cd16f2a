//! One score from the steps of a solution.

use crate::loss::sigmoid::minus_log_sigmoid;
use crate::ranges::finite;
use crate::{Error, Real};

/// A rule that makes one score of the steps of a solution.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum StepScore {
    /// The least likely step's probability.
    Min,
    /// The probability that every step is right, were they independent (arXiv:2305.20050, §2.6).
    Product,
    /// The last step's.
    Last,
    /// The mean.
    Mean,
}

impl StepScore {
    /// The score, 0 to 1, of a solution whose steps have these logits.
    ///
    /// # Errors
    /// [`Error::TooFew`] without a step; [`Error::NotFinite`].
    pub fn score<R: Real>(self, logits: &[R]) -> Result<f64, Error> {
        finite("logits", logits)?;
        let Some(last) = logits.last() else {
            return Err(Error::TooFew { name: "logits", need: 1, got: 0 });
        };
        let cross_entropy = |z: &R| minus_log_sigmoid(z.f64()).0;
        let probability = |z: &R| libm::exp(-cross_entropy(z));
        Ok(match self {
            Self::Min => logits.iter().map(probability).fold(1.0, f64::min),
            Self::Product => libm::exp(-logits.iter().map(cross_entropy).sum::<f64>()),
            Self::Last => probability(last),
            Self::Mean => logits.iter().map(probability).sum::<f64>() / logits.len() as f64,
        })
    }
}

#[cfg(test)]
mod tests;
