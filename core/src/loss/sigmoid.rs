//! The logistic function and its logarithm, with their slopes.

use crate::Real;

/// `softplus(−x) = −ln σ(x)` and its slope `−σ(−x)`, without overflow anywhere.
pub(crate) fn minus_log_sigmoid<R: Real>(x: R) -> (R, R) {
    let e = (-x.abs()).exp();
    let tail = if x >= R::ZERO { e } else { R::ONE };
    ((-x).max(R::ZERO) + e.ln_1p(), -tail / (R::ONE + e))
}

/// σ(x) and its slope, exact in both tails.
pub(crate) fn sigmoid(x: f64) -> (f64, f64) {
    let (_, minus_up) = minus_log_sigmoid(-x);
    let (_, minus_down) = minus_log_sigmoid(x);
    (-minus_up, minus_up * minus_down)
}
