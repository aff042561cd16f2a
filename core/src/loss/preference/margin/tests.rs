use super::*;
use crate::oracle::{close, slope};
use proptest::prelude::*;

fn naive(m: f64) -> f64 {
    1.0 / (1.0 + (-m).exp())
}

#[track_caller]
fn check(m: f64, loss: fn(f64, f64) -> (f64, f64), setting: f64, want: f64) {
    let (got, at) = loss(m, setting);
    close(got, want, 1e-12);
    slope(&[m], &[at], |m| loss(m[0], setting).0);
}

proptest! {
    #[test]
    fn each_is_its_definition_and_has_its_slope(m in -5.0..5.0, e in 0.01..0.45) {
        let (up, down) = (-naive(m).ln(), -naive(-m).ln());
        check(m, logistic, e, (1.0 - e) * up + e * down);
        check(m, robust, e, ((1.0 - e) * up - e * down) / (1.0 - 2.0 * e));
        let (win, lose) = (naive(m), naive(-m));
        check(m, exo, e, win * (win / (1.0 - e)).ln() + lose * (lose / e).ln());
        check(m, squared, 1.0 / e, (m - 1.0 / e).powi(2));
        let w = naive(m / (2.0 * e));
        check(m, discopop, 2.0 * e, (1.0 - w) * up + w * (-m).exp());
        if (m - 1.0).abs() > 1e-3 {
            check(m, |m, _| hinge(m), 0.0, (1.0 - m).max(0.0));
        }
    }

    /// Over labels that are flipped with probability ε the robust loss is the clean one.
    #[test]
    fn robust_is_unbiased(m in -9.0..9.0, e in 0.0..0.45) {
        let mean = (1.0 - e) * robust(m, e).0 + e * robust(-m, e).0;
        close(mean, logistic(m, 0.0).0, 1e-12);
    }

    #[test]
    fn half_smoothing_knows_no_better_response(m in -9.0..9.0) {
        close(logistic(m, 0.5).0, logistic(-m, 0.5).0, 1e-13);
    }
}

#[test]
fn optima_have_no_slope() {
    close(exo((0.9f64 / 0.1).ln(), 0.1).0, 0.0, 1e-15);
    close(exo((0.9f64 / 0.1).ln(), 0.1).1, 0.0, 1e-15);
    close(logistic((0.9f64 / 0.1).ln(), 0.1).1, 0.0, 1e-15);
    assert_eq!(squared(5.0, 5.0), (0.0, 0.0));
    assert_eq!((hinge(1.0), hinge(0.0)), ((0.0, 0.0), (1.0, -1.0)));
}

#[test]
fn far_margins_stay_finite() {
    for m in [-1e4, 1e4] {
        for (loss, slope) in
            [logistic(m, 0.1), robust(m, 0.1), exo(m, 1e-3), discopop(m, 0.05), hinge(m), squared(m, 5.0)]
        {
            assert!(loss.is_finite() && slope.is_finite(), "{m}: {loss} {slope}");
        }
    }
}
