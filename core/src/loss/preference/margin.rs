//! Losses of one number m, how much more the chosen response is worth: each returns the loss and its
//! slope in m. ℓ(m) is −ln σ(m).

use crate::loss::sigmoid::{minus_log_sigmoid, sigmoid};

/// `(1 − ε)·ℓ(m) + ε·ℓ(−m)`: DPO's logistic loss (Rafailov et al., arXiv:2305.18290, eq. 7), where a
/// label is wrong with probability ε (cDPO, the paper's appendix on noisy labels).
pub fn logistic(m: f64, smoothing: f64) -> (f64, f64) {
    both_ways(m, 1.0 - smoothing, smoothing)
}

/// `[(1 − ε)·ℓ(m) − ε·ℓ(−m)]/(1 − 2ε)`: the loss whose mean over labels flipped with probability ε is
/// the loss under clean ones (Ray Chowdhury et al., arXiv:2403.00409).
pub fn robust(m: f64, flipped: f64) -> (f64, f64) {
    let kept = 1.0 - 2.0 * flipped;
    both_ways(m, (1.0 - flipped) / kept, -flipped / kept)
}

fn both_ways(m: f64, right: f64, wrong: f64) -> (f64, f64) {
    let ((up, up_slope), (down, down_slope)) = (minus_log_sigmoid(m), minus_log_sigmoid(-m));
    (right * up + wrong * down, right * up_slope - wrong * down_slope)
}

/// `max(0, 1 − m)`: SLiC's calibration loss on the margin (Zhao et al., arXiv:2305.10425). At the corner
/// the slope is 0.
pub fn hinge(m: f64) -> (f64, f64) {
    if m < 1.0 { (1.0 - m, -1.0) } else { (0.0, 0.0) }
}

/// `(m − target)²`: IPO's regression (Azar et al., arXiv:2310.12036, eq. 17, target 1/(2β)).
pub fn squared(m: f64, target: f64) -> (f64, f64) {
    let off = m - target;
    (off * off, 2.0 * off)
}

/// `KL(σ(m) ‖ 1 − ε)` of two coins: EXO's reverse KL over a pair (Ji et al., arXiv:2402.00856, eq. 16).
/// Its minimum, 0, is at m = ln((1 − ε)/ε).
pub fn exo(m: f64, smoothing: f64) -> (f64, f64) {
    let ((win, slope), (lose, _)) = (sigmoid(m), sigmoid(-m));
    let (right, wrong) = (libm::log1p(-smoothing), libm::log(smoothing));
    let loss = win * (-minus_log_sigmoid(m).0 - right) + lose * (-minus_log_sigmoid(-m).0 - wrong);
    (loss, slope * (m - right + wrong))
}

/// `(1 − w)·ℓ(m) + w·exp(−m)` with `w = σ(m/τ)`: DiscoPOP, the loss that a search found (Lu et al.,
/// arXiv:2406.08414, eq. 5). It is not monotone.
pub fn discopop(m: f64, tau: f64) -> (f64, f64) {
    let (l, l_slope) = minus_log_sigmoid(m);
    let ((_, slope), (rest, _)) = (sigmoid(m / tau), sigmoid(-m / tau));
    // w·exp(−m) in one exponential: apart, 0·∞ far below 0.
    let mixed = libm::exp(-m - minus_log_sigmoid(m / tau).0);
    (rest * l + mixed, rest * l_slope - slope / tau * l + mixed * (rest / tau - 1.0))
}

#[cfg(test)]
mod tests;
