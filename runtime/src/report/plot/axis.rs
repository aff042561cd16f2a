//! An axis: a range that holds all values and ends on round ticks.

/// A range with round ticks.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::report) struct Axis {
    low: f64,
    step: f64,
    steps: usize,
}

impl Axis {
    /// The axis over `values`, in three to nine steps of 1, 2 or 5 times a power of ten. Values of no
    /// spread, or of more than can be drawn, get the axis from 0 to 1 around the first.
    pub fn over(values: impl Iterator<Item = f64>) -> Self {
        let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
        let spread = high - low;
        // Beyond this, ticks would differ in no digit or would not be numbers.
        let drawable = spread.is_finite() && spread > 1e-9 * low.abs().max(high.abs()).max(1e-100);
        if !drawable {
            let low = if low.abs() < 1e9 { low.floor() } else { 0.0 };
            return Self { low, step: 0.5, steps: 2 };
        }
        let rough = spread / 5.0;
        let ten = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|m| m * ten).into_iter().find(|&s| s >= rough).unwrap_or(rough);
        let low = (low / step).floor() * step;
        Self { low, step, steps: ((high - low) / step - 1e-9).ceil().max(1.0) as usize }
    }

    /// Returns the place of `value`: 0 at the low end, 1 at the high end; values outside at the nearer end.
    pub fn place(&self, value: f64) -> f64 {
        ((value - self.low) / (self.step * self.steps as f64)).clamp(0.0, 1.0)
    }

    /// Values to label, with their labels, from low to high.
    pub fn ticks(&self) -> impl Iterator<Item = (f64, String)> + '_ {
        let digits = (-self.step.log10().floor()).clamp(0.0, 6.0) as usize;
        (0..=self.steps).map(move |i| {
            let value = self.low + self.step * i as f64;
            let plain = (1e-6..1e6).contains(&self.step) && value.abs() < 1e7;
            // Adding 0 turns −0 into 0.
            let round = (value / self.step).round() * self.step + 0.0;
            (value, if plain { format!("{round:.digits$}") } else { format!("{value:.1e}") })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(values: &[f64]) -> Vec<String> {
        Axis::over(values.iter().copied()).ticks().map(|t| t.1).collect()
    }

    #[test]
    fn ticks_are_round_and_hold_all_values() {
        assert_eq!(labels(&[0.0, 3.1]), ["0", "1", "2", "3", "4"]);
        assert_eq!(labels(&[-0.13, 0.42]), ["-0.2", "0.0", "0.2", "0.4", "0.6"]);
        assert_eq!(labels(&[5.0]), ["5.0", "5.5", "6.0"]);
        assert_eq!(labels(&[]), ["0.0", "0.5", "1.0"]);
    }
}
