//! COACH: a person's feedback as an advantage.

use crate::advantage::reward_to_go;
use crate::error::{at, check};
use crate::ranges::{finite, positive, within};
use crate::{Error, Needs, Objective, Real};

/// The share of each action in the feedback from then on, by eligibility traces (MacGlashan
/// et al., arXiv:1701.06049, algorithm 1): feedback `f[t]` is about the action `delay` steps before it,
/// and `λ` as much about each one before that,
///
/// `w[k] = Σ_{t ≥ k + delay} λ^(t − delay − k)·f[t]`.
///
/// The paper keeps the trace `e ← λ·e + ∇ln π` and adds `f·e`; while the policy stays as it is that is
/// `Σ_k w[k]·∇ln π[k]`. `feedback`, `weights`: `[steps]` of one trajectory, in units of feedback;
/// silence is 0. The last `delay` actions were not judged any more and get 0. `weights` is overwritten.
///
/// # Errors
/// [`Error::Shape`]; [`Error::Range`] unless 0 ≤ λ ≤ 1; [`Error::NotFinite`] for feedback.
pub fn traces<R: Real>(feedback: &[R], lambda: f64, delay: usize, weights: &mut [R]) -> Result<(), Error> {
    check("weights", weights.len(), feedback.len())?;
    within("lambda", lambda, 0.0, 1.0)?;
    finite("feedback", feedback)?;
    let judged = feedback.get(delay..).unwrap_or_default();
    let (about, unjudged) = weights.split_at_mut(judged.len());
    reward_to_go(judged, lambda, about)?;
    unjudged.fill(R::ZERO);
    Ok(())
}

/// COACH's loss: `L = −Σ_t w[t]·ln π(a[t]|s[t]) / n`, whose step is the policy gradient with a person's
/// feedback in the place of the advantage (arXiv:1701.06049, eq. 2).
///
/// `log_probs`, in nats, `weights` (of [`traces`]), `grad`: `[actions]`. `n` (`denominator`) counts the
/// actions of the whole optimizer batch. `grad` is overwritten.
///
/// # Errors
/// [`Error::Shape`]; [`Error::Range`] for a denominator that is not positive; [`Error::NotFinite`].
pub fn coach<R: Real>(
    log_probs: &[R],
    weights: &[R],
    denominator: f64,
    grad: &mut [R],
) -> Result<f64, Error> {
    check("weights", weights.len(), log_probs.len())?;
    check("grad", grad.len(), log_probs.len())?;
    positive("denominator", denominator)?;
    finite("log_probs", log_probs)?;
    finite("weights", weights)?;
    let mut loss = 0.0;
    for ((grad, &log_prob), &weight) in grad.iter_mut().zip(log_probs).zip(weights) {
        loss -= weight.f64() * log_prob.f64();
        *grad = R::of(-weight.f64() / denominator);
    }
    Ok(loss / denominator)
}

/// COACH: a person's feedback, as eligibility traces give it out, in the place of an advantage (see
/// [`coach`] and [`crate::loss::traces`]).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coach<'a> {
    weights: &'a [f32],
    denominator: f64,
    /// Actions seen.
    pub actions: usize,
}

impl<'a> Coach<'a> {
    /// `weights` are laid out as the batch's tokens; only loss tokens, the actions, are read.
    /// `denominator` counts the loss tokens of the whole optimizer batch.
    ///
    /// # Errors
    /// [`Error::Range`] unless it is positive.
    pub fn new(weights: &'a [f32], denominator: f64) -> Result<Self, Error> {
        positive("denominator", denominator)?;
        Ok(Self { weights, denominator, actions: 0 })
    }
}

impl Objective for Coach<'_> {
    fn needs(&self) -> Needs {
        Needs { log_probs: true, ..Needs::default() }
    }

    /// # Errors
    /// [`Error::Shape`]; [`Error::NotFinite`].
    fn tokens(
        &mut self,
        positions: &[usize],
        log_probs: &[f32],
        _entropy: &[f32],
        grad_log_probs: &mut [f32],
        grad_entropy: &mut [f32],
    ) -> Result<f64, Error> {
        check("log_probs", log_probs.len(), positions.len())?;
        check("grad_log_probs", grad_log_probs.len(), positions.len())?;
        grad_entropy.fill(0.0);
        let mut loss = 0.0;
        let rows = log_probs.chunks(1).zip(grad_log_probs.chunks_mut(1));
        for (&position, (log_prob, grad)) in positions.iter().zip(rows) {
            let weight = at("weights", self.weights, position)?;
            loss += coach(log_prob, &[weight], self.denominator, grad)?;
        }
        self.actions += positions.len();
        Ok(loss)
    }
}

#[cfg(test)]
mod tests;
