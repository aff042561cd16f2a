//! Losses that pull each response on its own: each returns the loss and its slopes in the worth a of the
//! chosen and b of the rejected response, both already times β where β is a temperature.

use crate::loss::sigmoid::{minus_log_sigmoid, sigmoid};

/// `ℓ(a) + ½·ℓ(−a) + ½·ℓ(−b)` with ℓ(x) = −ln σ(x): NCA over a pair (Chen et al., arXiv:2402.05369).
pub fn nca(a: f64, b: f64) -> (f64, f64, f64) {
    let ((up, up_slope), (low, low_slope)) = (minus_log_sigmoid(a), minus_log_sigmoid(-a));
    let (down, down_slope) = minus_log_sigmoid(-b);
    (up + 0.5 * (low + down), up_slope - 0.5 * low_slope, -0.5 * down_slope)
}

/// `(a − t)² + (b + t)²`, t = 1/(2β), on worths without β: SPPO with hard labels (Wu et al.,
/// arXiv:2405.00675, eq. 4.7).
pub fn sppo(a: f64, b: f64, target: f64) -> (f64, f64, f64) {
    let (above, below) = (a - target, b + target);
    (above * above + below * below, 2.0 * above, 2.0 * below)
}

/// `σ(−a) + σ(b)`: APO-zero, for chosen responses better than the policy's own (D'Oosterlinck et al.,
/// arXiv:2408.06266, eq. 7).
pub fn apo_zero(a: f64, b: f64) -> (f64, f64, f64) {
    let ((up, up_slope), (down, down_slope)) = (sigmoid(-a), sigmoid(b));
    (up + down, -up_slope, down_slope)
}

/// `σ(a) + σ(b − a)`: APO-down, for chosen responses worse than the policy's own (the same, eq. 8).
pub fn apo_down(a: f64, b: f64) -> (f64, f64, f64) {
    let ((low, low_slope), (apart, apart_slope)) = (sigmoid(a), sigmoid(b - a));
    (low + apart, low_slope - apart_slope, apart_slope)
}

#[cfg(test)]
mod tests;
