//! Estimates of the KL from a reference, and controllers of its coefficient.

use crate::error::check;
use crate::ranges::{positive, within};
use crate::{Error, Real};

/// An estimate of KL(policy ‖ reference) from one token, with `d = ln π − ln π_ref` in nats
/// (Schulman, "Approximating KL divergence", 2020).
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum KlEstimator {
    /// `d`: unbiased, of either sign. As a reward its penalty is the one of the true KL.
    #[default]
    K1,
    /// `d²/2`: biased, low variance, never negative (TRL's `mse`).
    K2,
    /// `e^{−d} − 1 + d`: unbiased, never negative.
    K3,
    /// `|d|`.
    Abs,
}

impl KlEstimator {
    /// The estimate, in nats (nats² for [`KlEstimator::K2`]).
    pub fn estimate<R: Real>(self, log_prob: R, reference: R) -> R {
        let d = log_prob - reference;
        match self {
            Self::K1 => d,
            Self::K2 => R::of(0.5) * d * d,
            Self::K3 => (-d).exp_m1() + d,
            Self::Abs => d.abs(),
        }
    }

    /// The estimate's slope with respect to `log_prob`, for a KL term inside a loss. It is the slope of the
    /// estimate, not an estimate of the slope: for that k2's is unbiased on samples of the policy,
    /// k1's and k3's are not.
    pub fn slope<R: Real>(self, log_prob: R, reference: R) -> R {
        let d = log_prob - reference;
        match self {
            Self::K1 => R::ONE,
            Self::K2 => d,
            Self::K3 => -(-d).exp_m1(),
            Self::Abs if d > R::ZERO => R::ONE,
            Self::Abs if d < R::ZERO => -R::ONE,
            Self::Abs => R::ZERO,
        }
    }
}

/// Computes `KL(p ‖ q) = Σ p·(ln p − ln q)` in nats over one whole distribution. `log_p`, `log_q`: `[V]`.
/// An id with p = 0 adds nothing; if q = 0 and p > 0 for some id, the result is +∞.
///
/// # Errors
/// [`Error::Shape`].
pub fn exact_kl<R: Real>(log_p: &[R], log_q: &[R]) -> Result<R, Error> {
    check("log_q", log_q.len(), log_p.len())?;
    let term = |(&p, &q): (&R, &R)| if p == R::NEG_INFINITY { 0.0 } else { p.exp().f64() * (p - q).f64() };
    Ok(R::of(log_p.iter().zip(log_q).map(term).sum()))
}

/// Adds `grad·∂KL/∂z` to `grad_logits` for the logits z behind p:
/// `∂KL/∂z[j] = p[j]·(ln p[j] − ln q[j] − KL)`. All slices `[V]`.
///
/// # Errors
/// [`Error::Shape`]; [`Error::NotFinite`] where the KL is infinite.
pub fn exact_kl_pull<R: Real>(log_p: &[R], log_q: &[R], grad: R, grad_logits: &mut [R]) -> Result<(), Error> {
    check("grad_logits", grad_logits.len(), log_p.len())?;
    let kl = exact_kl(log_p, log_q)?;
    crate::ranges::finite("kl", &[kl])?;
    for (g, (&p, &q)) in grad_logits.iter_mut().zip(log_p.iter().zip(log_q)) {
        if p != R::NEG_INFINITY {
            *g += grad * p.exp() * (p - q - kl);
        }
    }
    Ok(())
}

/// The KL penalty's coefficient β, per nat.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum KlController {
    /// β stays.
    Fixed {
        /// The coefficient.
        #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
        beta: f64,
    },
    /// β follows the measured KL (Ziegler et al., arXiv:1909.08593, §2.2):
    /// `e = clip(KL/target − 1, ±0.2)`, `β ← β·(1 + e·episodes/horizon)`.
    Adaptive {
        /// The coefficient now.
        #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
        beta: f64,
        /// The KL to hold, in nats per response.
        #[cfg_attr(feature = "schema", schemars(extend("exclusiveMinimum" = 0)))]
        target: f64,
        /// Episodes after which an error of 1 doubles β, in episodes.
        #[cfg_attr(feature = "schema", schemars(extend("exclusiveMinimum" = 0)))]
        horizon: f64,
    },
}

impl KlController {
    /// β now.
    pub fn beta(&self) -> f64 {
        match *self {
            Self::Fixed { beta } | Self::Adaptive { beta, .. } => beta,
        }
    }

    /// Takes in the mean KL of `episodes` responses, in nats per response.
    ///
    /// # Errors
    /// [`Error::NotFinite`] for the KL; β then stays.
    pub fn update(&mut self, kl: f64, episodes: usize) -> Result<(), Error> {
        crate::ranges::finite("kl", &[kl])?;
        if let Self::Adaptive { beta, target, horizon } = self {
            let error = (kl / *target - 1.0).clamp(-0.2, 0.2);
            *beta *= 1.0 + error * episodes as f64 / *horizon;
        }
        Ok(())
    }

    /// Checks every range.
    ///
    /// # Errors
    /// [`Error::Range`] names the setting.
    pub fn validate(&self) -> Result<(), Error> {
        within("beta", self.beta(), 0.0, f64::MAX)?;
        if let Self::Adaptive { target, horizon, .. } = *self {
            positive("target", target)?;
            positive("horizon", horizon)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
