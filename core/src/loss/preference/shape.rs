//! Shapes of the implicit reward.

use crate::Error;
use crate::loss::sigmoid::minus_log_sigmoid;
use crate::ranges::finite;

/// A shape of the implicit reward: a function φ of x, a response's log-ratio to the reference or, without
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
mod tests;
