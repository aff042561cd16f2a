//! How far a policy is from its reference, and how hard that is punished.

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

    /// Its slope with respect to `log_prob`, for a KL term inside a loss. It is the slope of the
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

/// `KL(p ‖ q) = Σ p·(ln p − ln q)` in nats over one whole distribution. `log_p`, `log_q`: `[V]`.
/// Where p is 0 nothing is added; where only q is 0 the result is +∞.
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
mod tests {
    use super::*;
    use crate::maths::log_softmax;
    use crate::maths::oracle::{close, slope};
    use proptest::prelude::*;
    use std::vec;
    use std::vec::Vec;

    const ALL: [KlEstimator; 4] = [KlEstimator::K1, KlEstimator::K2, KlEstimator::K3, KlEstimator::Abs];

    fn normalized(logits: &[f64]) -> Vec<f64> {
        let mut out = vec![0.0; logits.len()];
        log_softmax(logits, 1.0, &mut out).unwrap();
        out
    }

    proptest! {
        #[test]
        fn estimators_equal_their_definitions_and_slopes(a in -5.0..0.0, b in -5.0..0.0) {
            let d: f64 = a - b;
            let naive = [d, d * d / 2.0, (-d).exp() - 1.0 + d, d.abs()];
            prop_assume!(d.abs() > 1e-4);
            for (e, want) in ALL.into_iter().zip(naive) {
                close(e.estimate(a, b), want, 1e-13);
                slope(&[a], &[e.slope(a, b)], |x| e.estimate(x[0], b));
                prop_assert!(e == KlEstimator::K1 || e.estimate(a, b) >= 0.0);
            }
        }

        #[test]
        fn k1_and_k3_average_to_the_exact_kl(z in prop::collection::vec((-3.0..3.0, -3.0..3.0), 1..12)) {
            let p = normalized(&z.iter().map(|x| x.0).collect::<Vec<_>>());
            let q = normalized(&z.iter().map(|x| x.1).collect::<Vec<_>>());
            let kl = exact_kl(&p, &q).unwrap();
            for e in [KlEstimator::K1, KlEstimator::K3] {
                close(p.iter().zip(&q).map(|(&p, &q)| p.exp() * e.estimate(p, q)).sum(), kl, 1e-12);
            }
        }

        #[test]
        fn exact_kl_pulls_its_slope(z in prop::collection::vec((-3.0..3.0, -3.0..3.0), 1..8)) {
            let logits: Vec<f64> = z.iter().map(|x| x.0).collect();
            let q = normalized(&z.iter().map(|x| x.1).collect::<Vec<_>>());
            let mut grad = vec![0.0; z.len()];
            exact_kl_pull(&normalized(&logits), &q, 1.5, &mut grad).unwrap();
            slope(&logits, &grad, |z| 1.5 * exact_kl(&normalized(z), &q).unwrap());
        }
    }

    #[test]
    fn impossible_tokens() {
        let out = f64::NEG_INFINITY;
        assert_eq!(exact_kl(&[0.0, out], &[-1.0, out]), Ok(1.0));
        assert_eq!(exact_kl(&[-1.0, -0.5], &[0.0, out]), Ok(f64::INFINITY));
        assert!(exact_kl_pull(&[-1.0, -0.5], &[0.0, out], 1.0, &mut [0.0; 2]).is_err());
    }

    #[test]
    fn the_controller_steers_towards_its_target() {
        let mut c = KlController::Adaptive { beta: 0.1, target: 6.0, horizon: 100.0 };
        c.update(6.0, 10).unwrap();
        assert_eq!(c.beta(), 0.1);
        c.update(100.0, 10).unwrap();
        close(c.beta(), 0.1 * 1.02, 1e-15);
        c.update(0.0, 10).unwrap();
        close(c.beta(), 0.1 * 1.02 * 0.98, 1e-15);
        assert!(c.update(f64::NAN, 10).is_err());
        let mut f = KlController::Fixed { beta: 0.02 };
        f.update(100.0, 10).unwrap();
        assert_eq!(f.beta(), 0.02);
        assert!(KlController::Fixed { beta: -1.0 }.validate().is_err());
    }
}
