//! How far a student's distribution is from its teacher's.

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
mod tests {
    use super::*;
    use crate::maths::oracle::{close, slope};
    use proptest::prelude::*;

    const OUT: f64 = f64::NEG_INFINITY;

    proptest! {
        #[test]
        fn terms_are_their_definitions_never_negative_and_have_their_slopes(
            a in -6.0..0.0, b in -6.0..0.0, beta in 0.01..0.99,
        ) {
            let (p, q) = (f64::exp(a), f64::exp(b));
            let m: f64 = beta * p + (1.0 - beta) * q;
            let naive = [
                p * (p / q).ln() - p + q,
                q * (q / p).ln() - q + p,
                beta * p * (p / m).ln() + (1.0 - beta) * q * (q / m).ln(),
            ];
            let all = [Divergence::Forward, Divergence::Reverse, Divergence::JensenShannon { beta }];
            for (divergence, want) in all.into_iter().zip(naive) {
                let (value, pull) = divergence.term(a, b);
                close(value, want, 1e-13);
                prop_assert!(value >= -1e-15);
                slope(&[b], &[pull], |x| divergence.term(a, x[0]).0);
                prop_assert_eq!(divergence.term(a, a), (0.0, 0.0));
            }
        }

        #[test]
        fn the_mixture_tends_to_both_ends(a in -6.0..0.0, b in -6.0..0.0) {
            let share = 1e-7;
            let near = |beta: f64, whole: Divergence, by: f64| {
                let (value, pull) = Divergence::JensenShannon { beta }.term(a, b);
                let (want, want_pull) = whole.term(a, b);
                close(value / by, want, 1e-3);
                close(pull / by, want_pull, 1e-3);
            };
            // KL's own −p + q, which sum to 0 over a distribution, are part of what tends.
            near(share, Divergence::Forward, share);
            near(1.0 - share, Divergence::Reverse, share);
        }
    }

    #[test]
    fn impossible_outcomes() {
        let half = Divergence::JensenShannon { beta: 0.5 };
        assert_eq!(Divergence::Forward.term(OUT, -1.0), ((-1f64).exp(), (-1f64).exp()));
        assert_eq!(Divergence::Forward.term(-1.0, OUT).0, f64::INFINITY);
        assert_eq!(Divergence::Reverse.term(OUT, -1.0).0, f64::INFINITY);
        assert_eq!(Divergence::Reverse.term(-1.0, OUT), ((-1f64).exp(), 0.0));
        close(half.term(-1.0, OUT).0, 0.5 * (-1f64).exp() * 2f64.ln(), 1e-15);
        close(half.term(OUT, -1.0).0, 0.5 * (-1f64).exp() * 2f64.ln(), 1e-15);
        for divergence in [Divergence::Forward, Divergence::Reverse, half] {
            assert_eq!(divergence.term(OUT, OUT), (0.0, 0.0));
        }
        assert!(half.term(-1.0, -1e9).0.is_finite() && half.term(-1e9, -1.0).0.is_finite());
    }

    #[test]
    fn a_share_of_nothing_or_of_all_is_refused() {
        for beta in [0.0, 1.0, -0.5, f64::NAN] {
            assert!(Divergence::JensenShannon { beta }.validate().is_err());
        }
        assert!(Divergence::JensenShannon { beta: 0.1 }.validate().is_ok());
    }
}
