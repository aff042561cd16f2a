//! The tolerances for differences between two correct computations.

/// The tolerances of one backend. The defaults suit f32 on any device.
///
/// | field | default | why |
/// |---|---|---|
/// | `same` | 1e-5 | f32 sums in another order; 0 where a backend promises bits |
/// | `agree` | 1e-4 | two kernels for one formula; 0 where sampler, scorer and learner share theirs |
/// | `formula` | 1e-4 | a sum of as many f32 probabilities as there are tokens |
/// | `gradient` | 1e-2 | a difference of two f32 losses over `nudge`, and its curvature |
/// | `nudge` | 1e-2 | short enough for curvature, long enough for f32 |
/// | `sigmas` | 4 | one sound sampler in thirty thousand is that far off |
/// | `learned` | 0.5 | of its first loss, after forty steps on one text |
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
