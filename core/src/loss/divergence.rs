//! Divergences of a student's distribution from its teacher's.

use crate::Error;
use crate::ranges::within;

/// A divergence of a student q from a teacher p, in nats, over outcomes j.
///
/// All are sums of terms that are never negative, and 0 only where `q[j] = p[j]`. For distributions
/// these sums are the divergences named; for measures that do not sum to 1 they are Csiszár's
/// extension of them, so that a part of a distribution may be compared too.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Divergence {
    /// `KL(p ‖ q) = Σ p·ln(p/q) − p + q`: the student covers all that the teacher does (Hinton et al.,
    /// arXiv:1503.02531).
    #[default]
    Forward,
    /// `KL(q ‖ p) = Σ q·ln(q/p) − q + p`: the student keeps to what the teacher finds likely (MiniLLM, Gu
    /// et al., arXiv:2306.08543). With the reference as teacher it is the exact KL of a policy from it.
    Reverse,
    /// `β·KL(p ‖ m) + (1 − β)·KL(q ‖ m)` with `m = β·p + (1 − β)·q` (GKD, Agarwal et al., arXiv:2306.13649,
    /// eq. 1). Bounded. Divided by β it tends to [`Divergence::Forward`] as β → 0, divided by 1 − β to
    /// [`Divergence::Reverse`] as β → 1; TRL takes 0 and 1 themselves to mean those.
    JensenShannon {
        /// The teacher's share of the mixture, above 0 and below 1.
        #[cfg_attr(feature = "schema", schemars(extend("exclusiveMinimum" = 0, "exclusiveMaximum" = 1)))]
        beta: f64,
    },
}

impl Divergence {
    /// Checks every range.
    ///
    /// # Errors
    /// [`Error::Range`] names the setting.
    pub fn validate(&self) -> Result<(), Error> {
        match *self {
            Self::JensenShannon { beta } => within("beta", beta, f64::MIN_POSITIVE, 1.0 - f64::EPSILON),
            Self::Forward | Self::Reverse => Ok(()),
        }
    }

    /// One outcome's term and its slope with respect to `log_q`. Infinite where it has to be, never NaN
    /// for log-probabilities.
    pub(crate) fn term(self, log_p: f64, log_q: f64) -> (f64, f64) {
        let (p, q) = (libm::exp(log_p), libm::exp(log_q));
        match self {
            Self::Forward => (weighted(p, log_p - log_q) - p + q, q - p),
            Self::Reverse => {
                let slope = weighted(q, log_q - log_p);
                (slope - q + p, slope)
            }
            Self::JensenShannon { beta } => {
                let (p_over_m, q_over_m) = over_mixture(log_p, log_q, beta);
                let slope = (1.0 - beta) * weighted(q, q_over_m);
                (beta * weighted(p, p_over_m) + slope, slope)
            }
        }
    }
}

/// `mass·x`, and 0 where there is no mass, whatever x is.
fn weighted(mass: f64, x: f64) -> f64 {
    if mass == 0.0 { 0.0 } else { mass * x }
}

/// `ln(p/m)` and `ln(q/m)`, starting from the larger of p and q, whose ratio to m lies within its share
/// and 1.
fn over_mixture(log_p: f64, log_q: f64, beta: f64) -> (f64, f64) {
    if log_p == log_q {
        return (0.0, 0.0);
    }
    let gap = log_p - log_q;
    if gap > 0.0 {
        let p_over_m = -libm::log1p((1.0 - beta) * libm::expm1(-gap));
        (p_over_m, p_over_m - gap)
    } else {
        let q_over_m = -libm::log1p(beta * libm::expm1(gap));
        (q_over_m + gap, q_over_m)
    }
}

#[cfg(test)]
mod tests;
