//! Nash-MD: learning from a judge by playing against a mixture (Munos et al., arXiv:2312.00886).

use crate::error::{check, rising};
use crate::ranges::{finite, positive, within};
use crate::{Error, Real};

/// Which log-ratio weighs a token of the KL term.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum NashKl {
    /// Its response's: the unbiased gradient of the paper.
    #[default]
    Response,
    /// Its own, as TRL has it: less variance, and blind to what a token does to later ones.
    Token,
}

/// Nash-MD's settings.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize))]
pub struct NashMd {
    /// τ: what a nat of KL to the reference costs, in units of preference.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub tau: f64,
    /// How the KL term is estimated.
    pub kl: NashKl,
}

impl Default for NashMd {
    fn default() -> Self {
        Self { tau: 0.1, kl: NashKl::Response }
    }
}

/// A surrogate whose gradient is Nash-MD's policy gradient, with ½ as its baseline:
/// `L = −Σ_responses Σ_t (P − ½ − τ·k)·ln π[t] / n`, where the bracket is a constant and k the response's
/// log-ratio to the reference, or the token's ([`NashKl`]).
///
/// `log_probs`, `reference`, `grad`: `[tokens]`, in nats, of responses that the policy drew, end to end;
/// `ends`: one past each response's last token; `preferred` (P): `[responses]`, the probability that it
/// is preferred to one of [`super::geometric_mixture`]. `n` (`denominator`) counts the responses of the whole
/// optimizer batch. `grad` is overwritten. Returns the loss.
///
/// # Errors
/// [`Error::Shape`], [`Error::Ends`]; [`Error::Range`] for a τ below 0, a denominator that is not positive
/// or a P that is no probability; [`Error::NotFinite`].
pub fn nash_md<R: Real>(
    settings: &NashMd,
    log_probs: &[R],
    reference: &[R],
    ends: &[usize],
    preferred: &[R],
    denominator: f64,
    grad: &mut [R],
) -> Result<f64, Error> {
    check("reference", reference.len(), log_probs.len())?;
    check("grad", grad.len(), log_probs.len())?;
    check("preferred", preferred.len(), ends.len())?;
    rising(ends, log_probs.len())?;
    within("tau", settings.tau, 0.0, f64::MAX)?;
    positive("denominator", denominator)?;
    finite("log_probs", log_probs)?;
    finite("reference", reference)?;
    for p in preferred {
        within("preferred", p.f64(), 0.0, 1.0)?;
    }
    let (mut loss, mut start) = (0.0, 0);
    for (&end, p) in ends.iter().zip(preferred) {
        let ratio = |t: usize| log_probs[t].f64() - reference[t].f64();
        let whole: f64 = (start..end).map(ratio).sum();
        for t in start..end {
            let kl = if settings.kl == NashKl::Token { ratio(t) } else { whole };
            let pull = -(p.f64() - 0.5 - settings.tau * kl) / denominator;
            loss += pull * log_probs[t].f64();
            grad[t] = R::of(pull);
        }
        start = end;
    }
    Ok(loss)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maths::oracle::close;
    use proptest::prelude::*;
    use std::vec;
    use std::vec::Vec;

    proptest! {
        /// The expectation over all responses of the gradient is the gradient of what is maximized:
        /// P(y ≻ y′) − τ·KL, with the opponent held.
        #[test]
        fn on_average_it_climbs_preference_less_kl(
            z in prop::collection::vec((-2.0..2.0f64, -2.0..2.0f64, 0.0..1.0), 3),
        ) {
            let (tau, n) = (0.3, z.len());
            let soft = |x: &[f64]| {
                let sum: f64 = x.iter().map(|x| x.exp()).sum();
                x.iter().map(|x| x.exp() / sum).collect::<Vec<_>>()
            };
            let logits: Vec<f64> = z.iter().map(|z| z.0).collect();
            let mu = soft(&z.iter().map(|z| z.1).collect::<Vec<_>>());
            let worth = |logits: &[f64]| -> f64 {
                let p = soft(logits);
                (0..n).map(|i| p[i] * (z[i].2 - tau * (p[i] / mu[i]).ln())).sum()
            };
            let p = soft(&logits);
            let mut want = vec![0.0; n];
            for i in 0..n {
                let mut grad = [f64::NAN];
                let settings = NashMd { tau, kl: NashKl::Response };
                nash_md(&settings, &[p[i].ln()], &[mu[i].ln()], &[1], &[z[i].2], 1.0, &mut grad).unwrap();
                for j in 0..n {
                    want[j] -= p[i] * grad[0] * (f64::from(u8::from(i == j)) - p[j]);
                }
            }
            crate::maths::oracle::slope(&logits, &want, worth);
        }
    }

    #[test]
    fn a_response_weighs_its_tokens_by_its_own_or_its_whole_log_ratio() {
        let (new, old) = ([-1.0, -2.0, -1.0], [-1.5, -2.0, -2.0]);
        let mut grad = [f64::NAN; 3];
        let run = |kl, grad: &mut [f64]| {
            nash_md(&NashMd { tau: 1.0, kl }, &new, &old, &[2, 3], &[1.0, 0.5], 2.0, grad).unwrap()
        };
        close(run(NashKl::Response, &mut grad), -0.5, 1e-15);
        assert_eq!(grad, [0.0, 0.0, 0.5]);
        close(run(NashKl::Token, &mut grad), 0.0, 1e-15);
        assert_eq!(grad, [0.0, -0.25, 0.5]);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let s = NashMd::default();
        assert!(nash_md(&s, &[-1.0], &[-1.0], &[1], &[1.5], 1.0, &mut [0.0]).is_err());
        assert!(nash_md(&s, &[f64::NAN], &[-1.0], &[1], &[0.5], 1.0, &mut [0.0]).is_err());
    }
}
