//! From logits to log-probabilities and entropy, and back.
//!
//! With logits `z[V]`, temperature `T` and `y = z/T`:
//! `ln p[j] = y[j] − ln Σ exp(y)`, `H = −Σ p[j]·ln p[j]`, in nats.

use crate::error::check;
use crate::ranges::positive;
use crate::{Error, Real};

/// The normalizer of one row of logits.
#[derive(Clone, Copy, Debug)]
struct Row<R> {
    max: R,
    temperature: R,
    /// ln Σ exp(y − max(y)), in 0 ..= ln V.
    log_sum: f64,
    /// H.
    entropy: f64,
}

impl<R: Real> Row<R> {
    fn new(logits: &[R], temperature: f64) -> Result<Self, Error> {
        positive("temperature", temperature)?;
        let mut max = R::NEG_INFINITY;
        for (index, &z) in logits.iter().enumerate() {
            if !z.is_finite() && z != R::NEG_INFINITY {
                return Err(Error::NotFinite { name: "logits", index });
            }
            max = max.max(z);
        }
        if max == R::NEG_INFINITY {
            return Err(Error::NotFinite { name: "logits", index: 0 });
        }
        let temperature = R::of(temperature);
        let (mut sum, mut weighted) = (0.0, 0.0);
        for &z in logits {
            let below = (z - max) / temperature;
            let e = below.exp().f64();
            // A token that cannot be drawn adds 0·ln 0 = 0, which is NaN in floating point.
            if e > 0.0 {
                sum += e;
                weighted += e * below.f64();
            }
        }
        let log_sum = libm::log(sum);
        Ok(Self { max, temperature, log_sum, entropy: log_sum - weighted / sum })
    }

    fn log_prob(&self, logit: R) -> f64 {
        ((logit - self.max) / self.temperature).f64() - self.log_sum
    }
}

/// `out[j] = ln p[j]` in nats. `logits`, `out`: `[V]`. A logit of −∞ gives −∞.
///
/// # Errors
/// [`Error::Shape`]; [`Error::Range`] for a temperature that is not positive and finite;
/// [`Error::NotFinite`] for a NaN or +∞ logit, or a row of nothing but −∞.
pub fn log_softmax<R: Real>(logits: &[R], temperature: f64, out: &mut [R]) -> Result<(), Error> {
    check("out", out.len(), logits.len())?;
    let row = Row::new(logits, temperature)?;
    for (out, &z) in out.iter_mut().zip(logits) {
        *out = R::of(row.log_prob(z));
    }
    Ok(())
}

/// `(ln p[target], H)` in nats. `logits`: `[V]`.
///
/// Unlikely tokens do no harm: a logit of −∞ adds nothing to the entropy (PyTorch's forms give NaN
/// there, 0·−∞), and logits of 1e30 are exact (`logsumexp − Σp·z` is not).
///
/// # Errors
/// As [`log_softmax`]; [`Error::Range`] for a target outside the vocabulary.
pub fn log_prob<R: Real>(logits: &[R], target: usize, temperature: f64) -> Result<(R, R), Error> {
    let logit = chosen(logits, target)?;
    let row = Row::new(logits, temperature)?;
    Ok((R::of(row.log_prob(logit)), R::of(row.entropy)))
}

/// `out[i] = ln p[ids[i]]` in nats. `logits`: `[V]`; `ids`, `out`: `[k]`.
///
/// # Errors
/// As [`log_softmax`]; [`Error::Range`] for an id outside the vocabulary.
pub fn log_probs_of<R: Real>(
    logits: &[R],
    ids: &[u32],
    temperature: f64,
    out: &mut [R],
) -> Result<(), Error> {
    check("out", out.len(), ids.len())?;
    let row = Row::new(logits, temperature)?;
    for (out, &id) in out.iter_mut().zip(ids) {
        *out = R::of(row.log_prob(chosen(logits, id as usize)?));
    }
    Ok(())
}

/// Adds the pull-back of [`log_prob`] to `grad_logits`: `grad_log_prob·∂ln p[target]/∂z +
/// grad_entropy·∂H/∂z`, where
/// `∂ln p[t]/∂z[j] = (1[j=t] − p[j])/T` and `∂H/∂z[j] = −p[j]·(ln p[j] + H)/T`.
///
/// # Errors
/// As [`log_prob`]; [`Error::Shape`].
pub fn log_prob_pull<R: Real>(
    logits: &[R],
    target: usize,
    temperature: f64,
    grad_log_prob: R,
    grad_entropy: R,
    grad_logits: &mut [R],
) -> Result<(), Error> {
    check("grad_logits", grad_logits.len(), logits.len())?;
    chosen(logits, target)?;
    let row = Row::new(logits, temperature)?;
    let (a, h) = (grad_log_prob.f64(), grad_entropy.f64());
    for (j, (grad, &z)) in grad_logits.iter_mut().zip(logits).enumerate() {
        let log_p = row.log_prob(z);
        let p = libm::exp(log_p);
        let pull = if p > 0.0 { p * (log_p + row.entropy) } else { 0.0 };
        let hit = if j == target { 1.0 } else { 0.0 };
        *grad += R::of((a * (hit - p) - h * pull) / temperature);
    }
    Ok(())
}

fn chosen<R: Real>(logits: &[R], target: usize) -> Result<R, Error> {
    logits.get(target).copied().ok_or(Error::Range {
        name: "target",
        value: target as f64,
        low: 0.0,
        high: logits.len() as f64 - 1.0,
    })
}

/// The reduction of a sequence's log-probabilities to one number.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Reduction {
    /// The log-probability of the whole, in nats.
    Sum,
    /// Nats per loss token.
    Mean,
}

/// `out[i]` sums or averages the loss log-probabilities of sequence `i`.
/// `log_probs`, `loss_mask`: `[tokens]`; `ends`, `out`: `[sequences]`. A sequence without loss tokens sums
/// to 0.
///
/// # Errors
/// [`Error::Shape`], [`Error::Ends`]; [`Error::TooFew`] for a mean over nothing (NaN in PyTorch).
pub fn sequence_log_probs<R: Real>(
    log_probs: &[R],
    loss_mask: &[bool],
    ends: &[usize],
    reduction: Reduction,
    out: &mut [R],
) -> Result<(), Error> {
    check("loss_mask", loss_mask.len(), log_probs.len())?;
    check("out", out.len(), ends.len())?;
    crate::error::rising(ends, log_probs.len())?;
    let mut start = 0;
    for (out, &end) in out.iter_mut().zip(ends) {
        let (mut sum, mut count) = (0.0, 0usize);
        for t in (start..end).filter(|&t| loss_mask[t]) {
            sum += log_probs[t].f64();
            count += 1;
        }
        *out = R::of(match reduction {
            Reduction::Sum => sum,
            Reduction::Mean if count == 0 => {
                return Err(Error::TooFew { name: "loss_mask", need: 1, got: 0 });
            }
            Reduction::Mean => sum / count as f64,
        });
        start = end;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
