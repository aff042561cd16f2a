//! The delay between a step and a person's judgment of it.

use crate::ranges::{positive, within};
use crate::{Error, Real};

/// The distribution of the time, in seconds, from what somebody judges to the judgment. It says which
/// of the last steps a judgment is about: TAMER's credit (Knox and Stone, "Interactively shaping agents
/// via human reinforcement: the TAMER framework", K-CAP 2009, §3.4) and Deep TAMER's importance weight
/// (Warnell et al., arXiv:1709.10163, eq. 3).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Delay {
    /// A judgment is about the step that has just ended: whoever judges is waited for.
    #[default]
    None,
    /// Evenly between two times; Deep TAMER has 0.28 and 4.
    Uniform {
        /// The shortest delay, in seconds.
        from: f64,
        /// The longest, in seconds.
        to: f64,
    },
    /// A gamma distribution, of mean `shape·scale`.
    Gamma {
        /// The shape, without a unit.
        shape: f64,
        /// The scale, in seconds.
        scale: f64,
    },
}

impl Delay {
    /// Checks every range.
    ///
    /// # Errors
    /// [`Error::Range`] names the setting.
    pub fn validate(&self) -> Result<(), Error> {
        match *self {
            Self::None => Ok(()),
            Self::Uniform { from, to } => {
                within("delay from", from, 0.0, f64::MAX)?;
                positive("delay to - from", to - from)
            }
            Self::Gamma { shape, scale } => {
                within("delay shape", shape, 0.1, 100.0)?;
                positive("delay scale", scale)
            }
        }
    }

    /// The probability that the delay is below `seconds`.
    pub fn cumulative(&self, seconds: f64) -> f64 {
        match *self {
            _ if seconds <= 0.0 => 0.0,
            Self::None => 1.0,
            Self::Uniform { from, to } => ((seconds - from) / (to - from)).clamp(0.0, 1.0),
            Self::Gamma { shape, scale } => lower_gamma(shape, seconds / scale),
        }
    }

    /// The delay at `u` of the cumulative distribution, in seconds: for uniform `u` in `[0, 1)` a draw
    /// from it.
    pub fn quantile(&self, u: f64) -> f64 {
        match *self {
            Self::None => 0.0,
            Self::Uniform { from, to } => from + u * (to - from),
            Self::Gamma { shape, scale } => {
                // More than 40 deviations above the mean: nothing lies beyond.
                let (mut low, mut high) = (0.0, scale * (shape + 40.0 * libm::sqrt(shape) + 40.0));
                for _ in 0..60 {
                    let middle = 0.5 * (low + high);
                    if self.cumulative(middle) < u { low = middle } else { high = middle }
                }
                high
            }
        }
    }

    /// `out[i]`: the probability that a judgment is about the step that began `since + i·seconds` before
    /// it and lasted `seconds`, `∫ f(x) dx` over that step. `since` is how long ago the newest step began:
    /// `seconds` where the judgment comes as it ends. What lies before the window is nobody's.
    ///
    /// # Errors
    /// Those of [`Self::validate`]; [`Error::Range`] unless `seconds` is positive and `since` is not
    /// negative.
    pub fn credits<R: Real>(&self, seconds: f64, since: f64, out: &mut [R]) -> Result<(), Error> {
        self.validate()?;
        positive("seconds", seconds)?;
        within("since", since, 0.0, f64::MAX)?;
        let mut before = self.cumulative(since - seconds);
        for (i, credit) in out.iter_mut().enumerate() {
            let after = self.cumulative(since + i as f64 * seconds);
            *credit = R::of(after - before);
            before = after;
        }
        Ok(())
    }
}

/// The regularized lower incomplete gamma function P(a, x), x > 0: its power series below the mean, one
/// less the continued fraction of its complement above (Abramowitz and Stegun, 6.5.29 and 6.5.31).
fn lower_gamma(a: f64, x: f64) -> f64 {
    const TERMS: usize = 500;
    let front = libm::exp(a * libm::log(x) - x - libm::lgamma(a));
    if x < a + 1.0 {
        let (mut term, mut sum) = (1.0 / a, 1.0 / a);
        for n in 1..TERMS {
            term *= x / (a + n as f64);
            sum += term;
            if term < sum * f64::EPSILON {
                break;
            }
        }
        return (front * sum).min(1.0);
    }
    // From its far end: for x ≥ a + 1 every partial denominator is positive.
    let fraction = (1..TERMS).rev().fold(0.0, |tail, n| {
        let n = n as f64;
        n * (n - a) / (x + 2.0 * n + 1.0 - a - tail)
    });
    (1.0 - front / (x + 1.0 - a - fraction)).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests;
