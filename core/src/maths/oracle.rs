//! What the tests of the formulas share.

use std::vec::Vec;

/// Panics unless `got` is within `tolerance` of `want`, relative to the larger of `want` and 1.
#[track_caller]
pub fn close(got: f64, want: f64, tolerance: f64) {
    let limit = tolerance * want.abs().max(1.0);
    assert!((got - want).abs() <= limit, "got {got}, want {want} within {limit}");
}

/// Panics unless `grad` is the gradient of `f` at `x`, by central differences in f64.
#[track_caller]
pub fn slope(x: &[f64], grad: &[f64], f: impl Fn(&[f64]) -> f64) {
    let h = 1e-5;
    assert_eq!(x.len(), grad.len());
    let mut moved: Vec<f64> = x.to_vec();
    for i in 0..x.len() {
        moved[i] = x[i] + h;
        let up = f(&moved);
        moved[i] = x[i] - h;
        let down = f(&moved);
        moved[i] = x[i];
        close(grad[i], (up - down) / (2.0 * h), 1e-6);
    }
}
