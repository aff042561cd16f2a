//! COACH: a person's feedback as an advantage.

use super::on_policy::reward_to_go;
use crate::error::check;
use crate::ranges::{finite, positive, within};
use crate::{Error, Real};

/// What each action is in the loss mask of the feedback from then on, as eligibility traces give it out (MacGlashan
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maths::oracle::{close, slope};
    use proptest::prelude::*;
    use std::vec;
    use std::vec::Vec;

    fn weights(feedback: &[f64], lambda: f64, delay: usize) -> Vec<f64> {
        let mut out = vec![f64::NAN; feedback.len()];
        traces(feedback, lambda, delay, &mut out).unwrap();
        out
    }

    proptest! {
        /// The paper's loop, forwards: a trace per action, fed `delay` steps late.
        #[test]
        fn equals_the_traces_of_the_algorithm(
            f in prop::collection::vec(-1.0..1.0, 1..20), lambda in 0.0..1.0, delay in 0usize..22,
        ) {
            let n = f.len();
            let (mut trace, mut want) = (vec![0.0; n], vec![0.0; n]);
            for t in delay..n {
                trace.iter_mut().for_each(|e| *e *= lambda);
                trace[t - delay] += 1.0;
                want.iter_mut().zip(&trace).for_each(|(w, e)| *w += f[t] * e);
            }
            weights(&f, lambda, delay).iter().zip(&want).for_each(|(&got, &want)| close(got, want, 1e-12));
        }

        #[test]
        fn equals_its_definition_its_slope_and_its_parts(
            rows in prop::collection::vec((-4.0..0.0, -1.0..1.0), 2..12), cut in 1usize..11,
        ) {
            let log_probs: Vec<f64> = rows.iter().map(|r| r.0).collect();
            let w: Vec<f64> = rows.iter().map(|r| r.1).collect();
            let (n, cut) = (w.len() as f64, cut.min(w.len() - 1));
            let loss = |l: &[f64], w: &[f64]| coach(l, w, n, &mut vec![0.0; l.len()]).unwrap();
            let mut grad = vec![f64::NAN; w.len()];
            let whole = coach(&log_probs, &w, n, &mut grad).unwrap();
            close(whole, -rows.iter().map(|(l, w)| l * w).sum::<f64>() / n, 1e-12);
            slope(&log_probs, &grad, |l| loss(l, &w));
            let parts = loss(&log_probs[..cut], &w[..cut]) + loss(&log_probs[cut..], &w[cut..]);
            close(parts, whole, 1e-12);
        }

        /// λ = 0 without delay is the policy gradient: each action has its own feedback as advantage.
        #[test]
        fn without_traces_feedback_is_the_advantage(f in prop::collection::vec(-1.0..1.0, 1..20)) {
            assert_eq!(weights(&f, 0.0, 0), f);
        }
    }

    #[test]
    fn feedback_reaches_back_from_where_it_is_about() {
        assert_eq!(weights(&[0.0, 0.0, 0.0, 1.0], 0.5, 1), [0.25, 0.5, 1.0, 0.0]);
        assert_eq!(weights(&[1.0, 1.0], 1.0, 5), [0.0; 2], "nothing was judged in time");
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let (mut one, nan) = ([0.0], [f64::NAN]);
        assert!(matches!(traces(&[1.0], 1.5, 0, &mut one), Err(Error::Range { name: "lambda", .. })));
        assert_eq!(traces(&nan, 0.5, 0, &mut one), Err(Error::NotFinite { name: "feedback", index: 0 }));
        assert_eq!(coach(&nan, &[1.0], 1.0, &mut one), Err(Error::NotFinite { name: "log_probs", index: 0 }));
        assert!(coach(&[-1.0], &[1.0], -1.0, &mut one).is_err());
        let short = coach(&[-1.0], &[1.0; 2], 1.0, &mut one);
        assert_eq!(short, Err(Error::Shape { name: "weights", want: 1, got: 2 }));
    }
}
