//! The distance to the reference, as a part of the loss.

use crate::advantage::KlEstimator;
use crate::ranges::within;
use crate::{Error, Real};

/// `β·KL(policy ‖ reference)` added to each token's loss, with its own slope (GRPO, Shao et al.,
/// arXiv:2402.03300, eq. 4: k3 and β = 0.04). What it pulls towards depends on the estimator, see
/// [`KlEstimator::slope`]: k2's slope is, on average over the policy's own samples, that of the KL.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize))]
pub struct KlTerm {
    /// β, per nat.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub beta: f64,
    /// The estimate of a token.
    pub estimator: KlEstimator,
}

impl KlTerm {
    /// Checks every range.
    ///
    /// # Errors
    /// [`Error::Range`] unless β is finite and not negative.
    pub fn validate(&self) -> Result<(), Error> {
        within("beta", self.beta, 0.0, f64::MAX)
    }

    /// One token's estimate, without β, and its slope with respect to `log_prob`, also without.
    pub(super) fn token<R: Real>(&self, log_prob: R, reference: R) -> (f64, f64) {
        let kl = self.estimator.estimate(log_prob, reference);
        (kl.f64(), self.estimator.slope(log_prob, reference).f64())
    }
}
