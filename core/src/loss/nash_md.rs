//! Nash-MD: learning from a judge by playing against a mixture (Munos et al., arXiv:2312.00886).

use crate::error::{check, rising};
use crate::ranges::{finite, positive, within};
use crate::{Error, Real};

#[cfg(feature = "alloc")]
mod objective;
#[cfg(feature = "alloc")]
pub use objective::NashPolicy;

/// The log-ratio that weighs a token of the KL term.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum NashKl {
    /// The response's: the unbiased gradient of the paper.
    #[default]
    Response,
    /// The token's own, as TRL has it: less variance, and blind to what a token does to later ones.
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
    /// The log-ratio of the KL term.
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
/// is preferred to one of [`geometric_mixture`](crate::sampling::geometric_mixture). `n` (`denominator`) counts the responses of the
/// whole optimizer batch. `grad` is overwritten. Returns the loss.
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
mod tests;
