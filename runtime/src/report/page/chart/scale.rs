//! Scales of an axis, linear or logarithmic.

use crate::report::number;
use crate::report::plot::Axis;

/// A range with labeled ticks.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scale {
    low: f64,
    high: f64,
    log: bool,
    pub ticks: Vec<(f64, String)>,
}

/// The smallest and largest power of ten that a logarithmic axis shows.
const POWERS: [i32; 2] = [-30, 30];

impl Scale {
    /// Creates a linear scale over all finite `values` that ends on round ticks; equal values lie above 0.
    pub fn even(values: impl Iterator<Item = f64>) -> Self {
        let finite = values.filter(|v| v.is_finite());
        let (least, most) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (v.min(l), v.max(h)));
        let least = if least == most { least.min(0.0) } else { least };
        let ends = [least, most].into_iter().filter(|v| v.is_finite());
        let mut ticks: Vec<_> = Axis::over(ends).ticks().collect();
        let (low, high) = (ticks.first().map_or(0.0, |t| t.0), ticks.last().map_or(1.0, |t| t.0));
        if low.abs().max(high.abs()) < 0.01 {
            let least = 1e-6 * (high - low);
            ticks.iter_mut().for_each(|t| t.1 = number(if t.0.abs() < least { 0.0 } else { t.0 }));
        }
        Self { low, high, log: false, ticks }
    }

    /// Creates a logarithmic scale over all positive finite `values` that ends on 1, 2 or 5 times a power of ten.
    pub fn log(values: impl Iterator<Item = f64>) -> Self {
        let positive = values.filter(|v| v.is_finite() && *v > 0.0);
        let (least, most) = positive.fold((f64::INFINITY, 0.0), |(l, h), v| (v.min(l), v.max(h)));
        let (least, most) = if least <= most { (least, most) } else { (1.0, 1.0) };
        let round: Vec<f64> =
            (POWERS[0]..=POWERS[1]).flat_map(|p| [1.0, 2.0, 5.0].map(|m| m * 10f64.powi(p))).collect();
        // One tick below the least and one above the most, whatever rounding does to equal ones.
        let first = round.partition_point(|t| *t <= least * (1.0 + 1e-9)).saturating_sub(1);
        let last = round.partition_point(|t| *t < most * (1.0 - 1e-9)).clamp(first + 1, round.len() - 1);
        let all = round.get(first..=last).unwrap_or(&[]);
        let (low, high) = (all.first().copied().unwrap_or(1.0), all.last().copied().unwrap_or(2.0));
        // Beyond two powers of ten only these are labeled, beyond eight not each of them.
        let powers = (high / low).log10();
        let every = (powers / 8.0).ceil().max(1.0) as i32;
        let labeled = |t: f64| {
            let power = t.log10().round();
            powers <= 2.0 || ((t.log10() - power).abs() < 1e-6 && power as i32 % every == 0)
        };
        let ticks = all.iter().copied().filter(|t| labeled(*t)).map(|t| (t, number(t))).collect();
        Self { low, high, log: true, ticks }
    }

    /// Returns the place of `value`: 0 at the low end, 1 at the high end, values beyond at the nearer end; `None` for
    /// values without a place, such as NaN, or 0 on a logarithmic scale.
    pub fn place(&self, value: f64) -> Option<f64> {
        let at = if self.log {
            (value.ln() - self.low.ln()) / (self.high.ln() - self.low.ln())
        } else {
            (value - self.low) / (self.high - self.low)
        };
        (value.is_finite() && at.is_finite()).then(|| at.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(scale: Scale) -> Vec<String> {
        scale.ticks.into_iter().map(|t| t.1).collect()
    }

    #[test]
    fn a_logarithmic_scale_holds_all_values_between_round_ticks() {
        assert_eq!(labels(Scale::log([0.7, 1.3].into_iter())), ["0.5", "1", "2"]);
        assert_eq!(labels(Scale::log([0.003, 40.0].into_iter())), ["0.01", "0.1", "1", "10"]);
        assert_eq!(labels(Scale::log([1.0].into_iter())), ["1", "2"]);
        assert_eq!(labels(Scale::log([0.0, f64::NAN].into_iter())), ["1", "2"]);
        let wide = Scale::log([1e-300, 1e300].into_iter());
        assert!(wide.ticks.len() < 12 && wide.place(1e-300) == Some(0.0) && wide.place(1e300) == Some(1.0));
        let scale = Scale::log([0.1, 10.0].into_iter());
        assert!((scale.place(1.0).unwrap() - 0.5).abs() < 1e-12);
        assert_eq!((scale.place(0.0), scale.place(-1.0), scale.place(f64::NAN)), (None, None, None));
    }

    #[test]
    fn small_numbers_have_short_labels() {
        assert_eq!(
            labels(Scale::even([0.0, 9e-5].into_iter())),
            ["0", "2e-5", "4e-5", "6e-5", "8e-5", "1e-4"]
        );
        assert_eq!(labels(Scale::even([0.0, 6e-4].into_iter())), ["0", "2e-4", "4e-4", "6e-4"]);
        assert_eq!(labels(Scale::even([9e-6; 3].into_iter())).first().map(String::as_str), Some("0"));
        assert_eq!(Scale::even([1.0; 3].into_iter()).place(1.0), Some(1.0));
    }
}
