//! The tolerances for differences between two correct computations.

#[cfg(feature = "model")]
use crate::network::Precision;

/// The tolerances of one backend. The defaults suit f32 on any device, those of [`Tolerances::of`] 16 bits products whose
/// factors are rounded to 16 bits, with sums in f32.
///
/// | field | f32 | 16 bits | why |
/// |---|---|---|---|
/// | `same` | 1e-5 | 2e-2 | f32 sums in another order; 0 where a backend promises bits. A factor may be rounded to its other neighbor |
/// | `agree` | 1e-4 | 2e-2 | two kernels for one formula; 0 where sampler, scorer and learner share theirs |
/// | `formula` | 1e-4 | 2e-3 | a sum of as many f32 probabilities as there are tokens; of 16 bits, steps that meet other roundings |
/// | `gradient` | 1e-2 | 0.75 | a difference of two losses over `nudge`, and its curvature. A weight that is moved alone meets the edge of a rounding, or none; a tensor that is left out is an error of 1, a wrong sign of 2 |
/// | `nudge` | 1e-2 | 5e-2 | short enough for curvature, long enough for the precision |
/// | `sigmas` | 4 | 4 | one sound sampler in thirty thousand is that far off |
/// | `learned` | 0.5 | 0.5 | of its first loss, after forty steps on one text |
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tolerances {
    /// Between two calls, batches, orders or splits that should give the same number.
    pub same: f64,
    /// Between two roles that should give the same number: sampler and scorer, learner and scorer, rows and scorer.
    pub agree: f64,
    /// Between the network's numbers and those that the kit computes from other numbers of the network.
    pub formula: f64,
    /// Between gradients and differences of the loss, as a relative error.
    pub gradient: f64,
    /// The distance by which weights are moved for a difference of losses, as a Euclidean length.
    pub nudge: f64,
    /// The largest deviation of the frequencies of draws, in standard deviations.
    pub sigmas: f64,
    /// The share of the first loss that may be left after learning.
    pub learned: f64,
}

#[cfg(feature = "model")]
impl Tolerances {
    /// Returns those of products with such factors.
    pub fn of(precision: Precision) -> Self {
        let f32 = Self::default();
        match precision {
            Precision::F32 => f32,
            Precision::Bf16 | Precision::F16 => {
                Self { same: 2e-2, agree: 2e-2, formula: 2e-3, gradient: 0.75, nudge: 5e-2, ..f32 }
            }
        }
    }
}

impl Default for Tolerances {
    fn default() -> Self {
        Self {
            same: 1e-5,
            agree: 1e-4,
            formula: 1e-4,
            gradient: 1e-2,
            nudge: 1e-2,
            sigmas: 4.0,
            learned: 0.5,
        }
    }
}
