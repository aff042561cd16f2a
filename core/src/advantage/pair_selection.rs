//! Pairs made while training: responses that a reward or a judge has just compared.

use crate::error::check;
use crate::ranges::{finite, within};
use crate::{Error, Real};

/// The responses to one prompt that make a pair, `(chosen, rejected)`: the first with the highest and the
/// first with the lowest score (online DPO: Guo et al., arXiv:2402.04792, with two responses). `None`
/// where all scores are equal, which teaches nothing; TRL takes the first of two for chosen there.
///
/// `scores`: `[responses]`, of a reward model or a rule, or [`win_rates`] of a judge.
///
/// # Errors
/// [`Error::TooFew`] below two responses; [`Error::NotFinite`].
pub fn best_and_worst<R: Real>(scores: &[R]) -> Result<Option<(usize, usize)>, Error> {
    if scores.len() < 2 {
        return Err(Error::TooFew { name: "scores", need: 2, got: scores.len() });
    }
    finite("scores", scores)?;
    let (mut best, mut worst) = (0, 0);
    for (i, &score) in scores.iter().enumerate() {
        if score > scores[best] {
            best = i;
        }
        if score < scores[worst] {
            worst = i;
        }
    }
    Ok((best != worst).then_some((best, worst)))
}

/// Computes how often each of k responses to one prompt is preferred to another one of them:
/// `out[i] = Σ_{j≠i} p[i,j] / (k − 1)`.
///
/// `preferred`: `[k, k]`, row by row, the probabilities by which a judge prefers response i to j; its
/// diagonal is not read. `out`: `[k]`.
///
/// # Errors
/// [`Error::Shape`]; [`Error::TooFew`] below two responses; [`Error::Range`] for a number that is no
/// probability.
pub fn win_rates<R: Real>(preferred: &[R], out: &mut [R]) -> Result<(), Error> {
    let k = out.len();
    if k < 2 {
        return Err(Error::TooFew { name: "out", need: 2, got: k });
    }
    check("preferred", preferred.len(), k.saturating_mul(k))?;
    for (i, (row, out)) in preferred.chunks_exact(k).zip(out).enumerate() {
        let mut sum = 0.0;
        for (_, p) in row.iter().enumerate().filter(|&(j, _)| j != i) {
            within("preferred", p.f64(), 0.0, 1.0)?;
            sum += p.f64();
        }
        *out = R::of(sum / (k - 1) as f64);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
