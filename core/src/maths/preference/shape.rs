//! What a log-ratio is worth.

use super::minus_log_sigmoid;
use crate::Error;
use crate::ranges::finite;

/// What the comparison is made of: a function φ of x, a response's log-ratio to the reference or, without
/// one, its log-probability, in nats.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum RewardShape {
    /// `φ = x`: the reverse KL divergence keeps the policy at the reference, as in DPO.
    #[default]
    Log,
    /// `φ = x − softplus(x)`: the Jensen–Shannon divergence does (Wang et al., arXiv:2309.16240).
    JensenShannon,
    /// `φ = (1 − exp(−αx))/α`: an α-divergence does (the same), and without a reference AlphaPO's reward
    /// (Gupta et al., arXiv:2501.03884). α = 0 is [`Self::Log`].
    Alpha(f64),
    /// `φ = x − ln(1 − exp(x))`, the log-odds of a log-probability x below 0 (ORPO, Hong et al.,
    /// arXiv:2403.07691).
    LogOdds,
}

impl RewardShape {
    /// Checks α.
    ///
    /// # Errors
    /// [`Error::NotFinite`] for α.
    pub fn validate(&self) -> Result<(), Error> {
        match *self {
            Self::Alpha(alpha) => finite("shape alpha", &[alpha]),
            _ => Ok(()),
        }
    }

    /// φ(x) and its slope. Not finite where an exponential leaves f64, and for the log-odds of
    /// certainty.
    pub fn of(&self, x: f64) -> (f64, f64) {
        match *self {
            Self::Log => (x, 1.0),
            // x − softplus(x) = −softplus(−x), which loses nothing in either tail.
            Self::JensenShannon => {
                let (loss, slope) = minus_log_sigmoid(x);
                (-loss, -slope)
            }
            Self::Alpha(0.0) => (x, 1.0),
            Self::Alpha(alpha) => (-libm::expm1(-alpha * x) / alpha, libm::exp(-alpha * x)),
            Self::LogOdds => {
                let missing = -libm::expm1(x);
                (x - libm::log(missing), 1.0 / missing)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maths::oracle::{close, slope};
    use proptest::prelude::*;

    const SHAPES: [RewardShape; 4] =
        [RewardShape::Log, RewardShape::JensenShannon, RewardShape::Alpha(0.5), RewardShape::Alpha(-0.25)];

    proptest! {
        #[test]
        fn slopes_are_slopes_and_rise(x in -6.0..6.0) {
            for shape in SHAPES {
                let (_, up) = shape.of(x);
                slope(&[x], &[up], |x| shape.of(x[0]).0);
                prop_assert!(up > 0.0);
            }
            let below = -x.abs() - 1e-2;
            slope(&[below], &[RewardShape::LogOdds.of(below).1], |x| RewardShape::LogOdds.of(x[0]).0);
        }
    }

    #[test]
    fn an_alpha_towards_0_is_the_log_ratio() {
        close(RewardShape::Alpha(1e-9).of(3.0).0, 3.0, 1e-8);
        assert_eq!(RewardShape::Alpha(0.0).of(3.0), (3.0, 1.0));
    }

    #[test]
    fn log_odds_are_exact_near_certainty_and_far_from_it() {
        // p = 1 − 1e−12: the odds are 1e12.
        close(RewardShape::LogOdds.of(-1e-12).0, 12.0 * 10f64.ln(), 1e-12);
        assert_eq!(RewardShape::LogOdds.of(-1e4), (-1e4, 1.0));
        assert_eq!(RewardShape::JensenShannon.of(-1e4).0, -1e4);
        assert_eq!(RewardShape::JensenShannon.of(1e4).0, 0.0);
        assert!(!RewardShape::LogOdds.of(0.0).0.is_finite());
        assert!(RewardShape::Alpha(f64::NAN).validate().is_err());
    }
}
