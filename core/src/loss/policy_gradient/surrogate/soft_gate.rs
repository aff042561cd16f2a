//! A soft gate on the ratio in place of a clip: SAPO (Qwen Team, arXiv:2511.20347).

use crate::Real;
use crate::loss::PolicyToken;

/// The gated loss `−A·f(ρ)` of one token, and its slope with respect to `log_prob`.
///
/// `f(ρ) = (4/τ)·σ(τ·(ρ − 1))`, so the slope is `−A·ρ·4σ(1 − σ)`: at `ρ = 1` that of the policy gradient, and from
/// there it fades to both sides, where a clip cuts it off. The larger `tau`, the faster it fades.
pub(super) fn token<R: Real>(tau: f64, log_prob: R, old: R, advantage: R) -> PolicyToken<R> {
    // A ratio beyond the largest number is taken for that number, for its slope is 0 and not 0 times infinity.
    let rho = libm::exp(log_prob.f64() - old.f64()).min(f64::MAX);
    let x = tau * (rho - 1.0);
    let (gate, rest) = (1.0 / (1.0 + libm::exp(-x)), 1.0 / (1.0 + libm::exp(x)));
    PolicyToken {
        loss: -advantage * R::of(4.0 / tau * gate),
        slope: -advantage * R::of(gate * rest * 4.0 * rho),
        ratio: (log_prob - old).exp(),
        clipped: false,
        bounded: false,
    }
}

#[cfg(test)]
mod tests;
