use super::*;
use crate::oracle::{close, slope};
use proptest::prelude::*;

#[track_caller]
fn check(a: f64, b: f64, loss: impl Fn(f64, f64) -> (f64, f64, f64), want: f64) {
    let (got, up, down) = loss(a, b);
    close(got, want, 1e-12);
    slope(&[a, b], &[up, down], |x| loss(x[0], x[1]).0);
}

proptest! {
    #[test]
    fn each_is_its_definition_and_has_its_slopes(a in -5.0..5.0f64, b in -5.0..5.0f64) {
        let s = |x: f64| 1.0 / (1.0 + (-x).exp());
        check(a, b, nca, -s(a).ln() - 0.5 * s(-a).ln() - 0.5 * s(-b).ln());
        check(a, b, |a, b| sppo(a, b, 2.5), (a - 2.5).powi(2) + (b + 2.5).powi(2));
        check(a, b, apo_zero, 1.0 - s(a) + s(b));
        check(a, b, apo_down, s(a) + 1.0 - s(a - b));
    }
}

#[test]
fn far_worths_stay_finite() {
    for (a, b) in [(-1e4, 1e4), (1e4, -1e4), (1e4, 1e4), (-1e4, -1e4)] {
        for (loss, up, down) in [nca(a, b), sppo(a, b, 5.0), apo_zero(a, b), apo_down(a, b)] {
            assert!(loss.is_finite() && up.is_finite() && down.is_finite());
        }
    }
}
