//! Helpers of the formulas' tests.

use proptest::prelude::*;
use std::vec::Vec;

/// Two numbers to compare, one to weigh or aim at, and whether they count.
pub type Token = (f64, f64, f64, bool);

/// Tokens of which about 70 % count.
pub fn tokens() -> impl Strategy<Value = Vec<Token>> {
    prop::collection::vec((-3.0..0.0, -3.0..0.0, -2.0..2.0, prop::bool::weighted(0.7)), 1..16)
}

/// Each column by itself.
pub fn columns(x: &[Token]) -> (Vec<f64>, Vec<f64>, Vec<f64>, Vec<bool>) {
    let column = |f: fn(&Token) -> f64| x.iter().map(f).collect();
    (column(|p| p.0), column(|p| p.1), column(|p| p.2), x.iter().map(|p| p.3).collect())
}

/// Three columns of `n` numbers in f32 and a mask, always the same.
pub fn many(n: usize) -> ([Vec<f32>; 3], Vec<bool>) {
    let number = |i: usize, j: usize| ((i * j + 3 * i) % 101) as f32 / 50.0 - 1.0;
    let column = |j| (0..n).map(|i| number(i, j)).collect();
    ([column(7), column(13), column(29)], (0..n).map(|i| i % 3 != 1).collect())
}

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
