//! Counts of values.

use serde::{Deserialize, Serialize};

/// A histogram in bins of equal width.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Histogram {
    /// The lower end of the first bin, a multiple of the width.
    pub from: f64,
    /// The width: 1, 2 or 5 times a power of ten.
    pub width: f64,
    /// The number of values in each bin; a value on an edge is in the upper bin.
    pub counts: Vec<usize>,
}

/// The most bins of a histogram on each side of 0.
const SIDE: f64 = 12.0;

impl Histogram {
    /// Creates a histogram of finite values, in bins that meet at 0 and of which at most twelve lie on each side.
    /// Without a value it has no bins.
    pub fn of(values: &[f64]) -> Self {
        let largest = values.iter().fold(0.0, |most: f64, v| most.max(v.abs())).clamp(1e-9, 1e300);
        let ten = 10f64.powf((largest / SIDE).log10().floor());
        let width = [1.0, 2.0, 5.0, 10.0, 20.0].map(|m| m * ten).into_iter().find(|w| w * SIDE > largest);
        let width = width.unwrap_or(largest);
        let bin = |v: f64| (v / width).floor().clamp(-SIDE, SIDE - 1.0) as i64;
        let first = values.iter().map(|v| bin(*v)).min().unwrap_or(0);
        let last = values.iter().map(|v| bin(*v)).max().unwrap_or(-1);
        let mut counts = vec![0; (last - first + 1) as usize];
        for v in values {
            counts[(bin(*v) - first) as usize] += 1;
        }
        Self { from: first as f64 * width, width, counts }
    }

    /// The lower end of bin `i`, and the upper end of the one before.
    pub fn edge(&self, i: usize) -> f64 {
        // Edges are multiples of the width: counted from 0 they do not drift.
        ((self.from / self.width).round() + i as f64) * self.width
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_histogram_holds_every_value_in_its_bin(
            values in prop::collection::vec(prop_oneof![-1e3..1e3, -1e-6..1e-6, -1e200..1e200], 0..50),
        ) {
            let h = Histogram::of(&values);
            prop_assert!(h.counts.len() <= 24);
            prop_assert_eq!(h.counts.iter().sum::<usize>(), values.len());
            let below = values.iter().filter(|v| **v < 0.0).count();
            let left: usize = (0..h.counts.len()).filter(|i| h.edge(*i) < 0.0).map(|i| h.counts[i]).sum();
            prop_assert_eq!(below, left, "bins meet at 0");
        }
    }
}
