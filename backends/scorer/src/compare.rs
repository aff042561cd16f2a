//! From two scores to a probability.

/// Returns the probability that people prefer a text of score `a` to one of score `b`: σ(a − b) (Bradley and Terry, 1952).
/// Scores are in the units that the reward model learned in, before a gain.
pub fn probability(a: f32, b: f32) -> f32 {
    1.0 / (1.0 + libm::expf(b - a))
}
