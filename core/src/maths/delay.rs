//! How long after a step people judge it.

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
        /// Its shape, without a unit.
        shape: f64,
        /// Its scale, in seconds.
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
mod tests {
    use super::*;
    use crate::maths::oracle::close;
    use proptest::prelude::*;
    use std::vec;

    proptest! {
        /// For whole shapes k, `P(k, x) = 1 − e^−x Σ_{i<k} xⁱ/i!`.
        #[test]
        fn a_whole_shape_has_a_closed_form(k in 1u32..9, x in 0.01..40.0) {
            let (mut term, mut sum) = (1.0, 0.0);
            for i in 0..k {
                sum += term;
                term *= x / f64::from(i + 1);
            }
            close(lower_gamma(f64::from(k), x), 1.0 - (-x).exp() * sum, 1e-12);
        }

        /// The slope of the distribution is its density.
        #[test]
        fn any_shape_has_its_density(a in 0.5..20.0, x in 0.1..30.0) {
            let h = 1e-5;
            let slope = (lower_gamma(a, x + h) - lower_gamma(a, x - h)) / (2.0 * h);
            close(slope, libm::exp((a - 1.0) * libm::log(x) - x - libm::lgamma(a)), 1e-6);
        }

        #[test]
        fn credits_add_up_to_the_distribution(
            step in 0.05..1.0, since in 0.0..3.0, n in 1usize..40, shape in 0.5..5.0,
        ) {
            for delay in [
                Delay::None,
                Delay::Uniform { from: 0.2, to: 0.8 },
                Delay::Gamma { shape, scale: 0.3 },
            ] {
                let mut credits = vec![f64::NAN; n];
                delay.credits(step, since, &mut credits).unwrap();
                assert!(credits.iter().all(|&c| c >= 0.0));
                let want = delay.cumulative(since + (n - 1) as f64 * step) - delay.cumulative(since - step);
                close(credits.iter().sum(), want, 1e-12);
            }
        }

        #[test]
        fn quantiles_undo_the_distribution(u in 0.001..0.999, shape in 0.5..5.0) {
            for delay in [Delay::Uniform { from: 0.28, to: 4.0 }, Delay::Gamma { shape, scale: 0.3 }] {
                close(delay.cumulative(delay.quantile(u)), u, 1e-9);
            }
        }
    }

    #[test]
    fn without_delay_the_last_step_has_all_credit() {
        let mut credits = [f64::NAN; 3];
        Delay::None.credits(0.1, 0.1, &mut credits).unwrap();
        assert_eq!(credits, [1.0, 0.0, 0.0]);
        // Even between 0.25 s and 1.25 s, at half a second a step.
        Delay::Uniform { from: 0.25, to: 1.25 }.credits(0.5, 0.5, &mut credits).unwrap();
        assert_eq!(credits, [0.25, 0.5, 0.25]);
    }

    #[test]
    fn what_is_out_of_range_is_named() {
        let backwards = Delay::Uniform { from: 1.0, to: 0.5 };
        let found = backwards.credits(0.1, 0.1, &mut [0.0f32]);
        assert!(matches!(found, Err(Error::Range { name: "delay to - from", .. })));
        assert!(Delay::Gamma { shape: 0.0, scale: 1.0 }.validate().is_err());
        assert!(Delay::Gamma { shape: 2.0, scale: f64::NAN }.validate().is_err());
        assert!(Delay::Uniform { from: f64::NAN, to: 1.0 }.validate().is_err());
        assert!(Delay::None.credits(0.0, 0.1, &mut [0.0f32]).is_err());
    }
}
