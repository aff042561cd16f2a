//! Means and shares with 95 % intervals.

use rlhf_core::Error;
use rlhf_core::random::Key;
use serde::{Deserialize, Serialize};

/// The standard normal's 97.5 % quantile.
const Z: f64 = 1.959_963_984_540_054;

/// A value and its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The estimate.
    pub value: f64,
    /// The lower bound.
    pub low: f64,
    /// The upper bound.
    pub high: f64,
    /// The number of observations.
    pub n: usize,
}

/// A mean and its standard error.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Mean {
    /// The mean.
    pub value: f64,
    /// Its standard error: the Bessel-corrected standard deviation over √n.
    pub error: f64,
}

/// The mean of `values` and its standard error.
///
/// # Errors
/// [`Error::TooFew`] below two values.
pub fn mean(values: &[f64]) -> Result<Mean, Error> {
    at_least("values", values.len(), 2)?;
    let n = values.len() as f64;
    let value = average(values);
    let variance = values.iter().map(|v| (v - value).powi(2)).sum::<f64>() / (n - 1.0);
    Ok(Mean { value, error: (variance / n).sqrt() })
}

/// A share of yes among yes and no, such as an accuracy, with Wilson's interval (Wilson 1927).
///
/// # Errors
/// [`Error::TooFew`] without an observation.
pub fn share(yes: usize, n: usize) -> Result<Interval, Error> {
    wilson(yes as f64, n)
}

/// Returns how often `ours` beats `theirs`, pair by pair; a tie counts half.
///
/// The interval is Wilson's with the win rate in place of the share. Outcomes 0, ½ and 1 of mean p
/// vary at most as p(1−p), what yes and no do, so ties only make it conservative; unlike the
/// normal one it stays within `[0, 1]` and has width at 0 and 1, unlike a bootstrapped one it draws
/// nothing.
///
/// # Errors
/// [`Error::Shape`] when the lengths differ; [`Error::TooFew`] without a pair;
/// [`Error::NotFinite`] for a NaN.
pub fn win_rate(ours: &[f64], theirs: &[f64]) -> Result<Interval, Error> {
    if ours.len() != theirs.len() {
        return Err(Error::Shape { name: "theirs", want: ours.len(), got: theirs.len() });
    }
    let mut wins = 0.0;
    for (index, (a, b)) in ours.iter().zip(theirs).enumerate() {
        wins += match a.partial_cmp(b) {
            Some(core::cmp::Ordering::Greater) => 1.0,
            Some(core::cmp::Ordering::Equal) => 0.5,
            Some(core::cmp::Ordering::Less) => 0.0,
            None if a.is_nan() => return Err(Error::NotFinite { name: "ours", index }),
            None => return Err(Error::NotFinite { name: "theirs", index }),
        };
    }
    wilson(wins, ours.len())
}

/// The mean of `values` with a percentile-bootstrap interval (Efron 1979) of `resamples` draws: for
/// numbers of no known law. Where observations hang together, give one value per cluster.
///
/// # Errors
/// [`Error::TooFew`] without a value or below 100 resamples.
pub fn bootstrap(values: &[f64], resamples: u32, key: &Key) -> Result<Interval, Error> {
    at_least("values", values.len(), 1)?;
    at_least("resamples", resamples as usize, 100)?;
    let mut means: Vec<f64> = (0..resamples)
        .map(|sample| {
            let mut draws = key.draws(sample);
            values.iter().map(|_| *draws.pick(values)).sum::<f64>() / values.len() as f64
        })
        .collect();
    means.sort_by(f64::total_cmp);
    let at = |share: f64| means[(share * (means.len() - 1) as f64).round() as usize];
    Ok(Interval { value: average(values), low: at(0.025), high: at(0.975), n: values.len() })
}

pub(super) fn wilson(yes: f64, n: usize) -> Result<Interval, Error> {
    at_least("observations", n, 1)?;
    let count = n as f64;
    let p = yes / count;
    let shrink = 1.0 + Z * Z / count;
    let center = (p + Z * Z / (2.0 * count)) / shrink;
    let half = Z * (p * (1.0 - p) / count + Z * Z / (4.0 * count * count)).sqrt() / shrink;
    // Rounding must not push a bound past the value or out of [0, 1].
    Ok(Interval { value: p, low: (center - half).clamp(0.0, p), high: (center + half).clamp(p, 1.0), n })
}

fn average(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

pub(super) fn at_least(name: &'static str, got: usize, need: usize) -> Result<(), Error> {
    if got < need { Err(Error::TooFew { name, need, got }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rlhf_core::random::Stream;

    fn close(a: f64, b: f64, within: f64) {
        assert!((a - b).abs() < within, "{a} is not {b}");
    }

    #[test]
    fn wilson_has_its_published_values() {
        // Newcombe 1998, table I, method 3: 81/263, 15/148, 0/20 and 1/29.
        for (yes, n, low, high) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ] {
            let i = share(yes, n).unwrap();
            close(i.low, low, 5e-5);
            close(i.high, high, 5e-5);
        }
        let all = share(20, 20).unwrap();
        assert_eq!((all.value, all.high), (1.0, 1.0));
        assert!(share(0, 0).is_err());
    }

    #[test]
    fn a_tie_is_half_a_win() {
        let i = win_rate(&[1.0, 2.0, 3.0, 4.0], &[0.0, 2.0, 4.0, 4.0]).unwrap();
        assert_eq!((i.value, i.n), (0.5, 4));
        assert_eq!(win_rate(&[1.0; 9], &[1.0; 9]).unwrap().value, 0.5);
        assert!(matches!(win_rate(&[1.0], &[]), Err(Error::Shape { .. })));
        assert_eq!(win_rate(&[1.0], &[f64::NAN]), Err(Error::NotFinite { name: "theirs", index: 0 }));
        assert!(win_rate(&[], &[]).is_err());
    }

    #[test]
    fn a_mean_has_its_standard_error() {
        let m = mean(&[1.0, 2.0, 3.0, 4.0]).unwrap();
        close(m.value, 2.5, 1e-12);
        close(m.error, (5.0_f64 / 12.0).sqrt(), 1e-12);
        assert!(mean(&[1.0]).is_err());
    }

    #[test]
    fn the_bootstrap_follows_the_normal_interval_and_repeats() {
        let key = Key::new(3, Stream::Bootstrap, 0);
        let values: Vec<f64> = (0..400).map(|i| Key::new(3, Stream::Data, 0).normal(i, 0)).collect();
        let (m, b) = (mean(&values).unwrap(), bootstrap(&values, 2000, &key).unwrap());
        close(b.low, m.value - Z * m.error, 0.01);
        close(b.high, m.value + Z * m.error, 0.01);
        assert_eq!(b, bootstrap(&values, 2000, &key).unwrap());
    }
}
