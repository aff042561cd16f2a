//! The return of each token, without a critic.

use crate::error::check;
use crate::ranges::within;
use crate::{Error, Real};

/// `out[t] = Σ_{s ≥ t} γ^(s−t)·r[s]`: REINFORCE++'s advantages before they are whitened over the batch,
/// with rewards that hold the KL penalty token by token and the score at the end (Hu et al.,
/// arXiv:2501.03262, eq. 5; [`crate::advantage::Shaping::rewards`]). `rewards`, `out`: `[T]`, in units of
/// reward.
///
/// # Errors
/// [`Error::Shape`]; [`Error::Range`] unless 0 ≤ γ ≤ 1.
pub fn reward_to_go<R: Real>(rewards: &[R], gamma: f64, out: &mut [R]) -> Result<(), Error> {
    check("out", out.len(), rewards.len())?;
    within("gamma", gamma, 0.0, 1.0)?;
    let mut next = 0.0;
    for (out, r) in out.iter_mut().zip(rewards).rev() {
        next = r.f64() + gamma * next;
        *out = R::of(next);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
