//! The entropy bonus.

use crate::error::check;
use crate::ranges::positive;
use crate::{Error, Real};

/// The entropy bonus: `L = −c·Σ H / n`, `∂L/∂H = −c/n` (Williams and Peng, "Function optimization using
/// connectionist reinforcement learning algorithms", 1991). Returns the loss and Σ H.
///
/// `entropy` (H, in nats), `grad`: `[loss tokens]`; `n` (`denominator`) counts the loss tokens of the whole
/// optimizer batch. `grad` is overwritten.
///
/// # Errors
/// [`Error::Shape`]; [`Error::Range`] for a denominator that is not positive.
pub fn entropy_bonus<R: Real>(
    entropy: &[R],
    coefficient: f64,
    denominator: f64,
    grad: &mut [R],
) -> Result<(f64, f64), Error> {
    check("grad_entropy", grad.len(), entropy.len())?;
    positive("denominator", denominator)?;
    let weight = -coefficient / denominator;
    grad.fill(R::of(weight));
    let sum: f64 = entropy.iter().map(|h| h.f64()).sum();
    Ok((weight * sum, sum))
}

#[cfg(test)]
mod tests;
