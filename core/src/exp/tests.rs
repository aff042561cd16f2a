use super::exp;

/// The largest relative error over all numbers of one sign up to `last`, but for those so small
/// that the exponential is 1. Numbers that share their first 24 bits lie so close together
/// that the exponential of the rest is four terms of its series.
fn worst(sign: f32, last: f32) -> f64 {
    let mut worst = 0.0f64;
    for first in ((2f32.powi(-25).to_bits() >> 8)..=(last.to_bits() >> 8)).map(|bits| bits << 8) {
        let start = f64::from(sign * f32::from_bits(first));
        let base = start.exp();
        let mut errors = [0.0; 256];
        for (error, bits) in errors.iter_mut().zip(first..) {
            let x = sign * f32::from_bits(bits);
            let d = f64::from(x) - start;
            let want = base * (1.0 + d * (1.0 + d * (0.5 + d / 6.0)));
            *error = (f64::from(exp(x)) - want).abs() / base;
        }
        worst = errors.into_iter().fold(worst, f64::max);
    }
    worst
}

#[test]
fn the_error_over_all_numbers_is_the_one_stated() {
    let worst = worst(1.0, 88.3).max(worst(-1.0, 87.3));
    assert!(worst < 1e-7, "{worst:e}");
}

#[test]
fn the_ends_are_exact() {
    assert_eq!((exp(0.0), exp(-0.0), exp(1e-9), exp(-1e-9)), (1.0, 1.0, 1.0, 1.0));
    for x in [88.4, 1e9, f32::MAX, f32::INFINITY] {
        assert_eq!((exp(x), exp(-x)), (f32::INFINITY, 0.0));
    }
    assert!(exp(f32::NAN).is_nan() && exp(-87.68).abs() < f32::MIN_POSITIVE);
}
