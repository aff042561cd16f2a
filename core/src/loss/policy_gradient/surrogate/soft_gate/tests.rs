use super::*;
use crate::oracle::{close, slope};
use proptest::prelude::*;

/// The loss as it is written in the paper.
fn naive(tau: f64, log_prob: f64, old: f64, advantage: f64) -> f64 {
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    -advantage * sigmoid(tau * ((log_prob - old).exp() - 1.0)) * 4.0 / tau
}

proptest! {
    #[test]
    fn equals_the_oracle_and_its_slope(
        log_prob in -4.0..0.0, log_ratio in -2.0..2.0, advantage in -3.0..3.0, tau in 0.2..4.0,
    ) {
        let old = log_prob - log_ratio;
        let got = token(tau, log_prob, old, advantage);
        let loss = |x: &[f64]| naive(tau, x[0], old, advantage);
        close(got.loss, loss(&[log_prob]), 1e-12);
        slope(&[log_prob], &[got.slope], loss);
        let single = token(tau, log_prob as f32, old as f32, advantage as f32);
        close(f64::from(single.loss), got.loss, 1e-4);
        close(f64::from(single.slope), got.slope, 1e-4);
    }

    /// If the policy is the sampler, the slope is that of the policy gradient; it falls to both sides, faster for a
    /// larger τ.
    #[test]
    fn the_slope_fades(log_ratio in 0.1..3.0f64, advantage in 0.1..3.0, tau in 0.2..4.0) {
        let size = |tau, log_ratio: f64| -token(tau, log_ratio, 0.0, advantage).slope;
        close(size(tau, 0.0), advantage, 1e-12);
        for log_ratio in [log_ratio, -log_ratio] {
            prop_assert!(size(tau, log_ratio) < advantage * log_ratio.exp());
            prop_assert!(size(1.5 * tau, log_ratio) < size(tau, log_ratio));
        }
    }
}

#[test]
fn a_ratio_without_bounds_has_a_finite_loss_and_no_slope() {
    for (log_prob, old) in [(0.0f64, -1e4), (-1e4, 0.0)] {
        let far = token(1.05, log_prob, old, -2.0);
        assert!(far.loss.is_finite() && far.slope == 0.0, "{far:?}");
    }
}
