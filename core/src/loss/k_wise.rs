//! InstructGPT's loss over rankings.

use crate::error::{check, rising};
use crate::loss::Comparisons;
use crate::loss::sigmoid::minus_log_sigmoid;
use crate::ranges::{finite, positive};
use crate::{Error, Real};

/// The treatment of ties.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Ties {
    /// Divide by the comparisons left, so that every prompt weighs the same.
    #[default]
    ShrinkDivisor,
    /// Divide by C(K, 2) all the same, as the formula is printed.
    KeepDivisor,
}

/// `L = −Σ_prompts [Σ_{w better than l} ln σ(s[w] − s[l])] / C(K, 2) / n`: all comparisons of a
/// prompt in one element (InstructGPT, arXiv:2203.02155, eq. 1).
///
/// `scores`, `ranks`, `grad`: `[answers]`, the prompts' groups end to end; a smaller rank is better
/// and equal ranks are ties, which are dropped. `ends`: one past each group's last answer,
/// `[prompts]`; K may differ. `n` (`denominator`) counts the prompts of the whole optimizer batch.
/// A group of nothing but ties adds nothing. `grad` is overwritten.
///
/// # Errors
/// [`Error::Shape`], [`Error::Ends`]; [`Error::TooFew`] for a group of one answer; [`Error::Range`]
/// for a denominator that is not positive; [`Error::NotFinite`] for a score.
pub fn k_wise<R: Real>(
    scores: &[R],
    ranks: &[u32],
    ends: &[usize],
    ties: Ties,
    denominator: f64,
    grad: &mut [R],
) -> Result<Comparisons, Error> {
    check("ranks", ranks.len(), scores.len())?;
    check("grad", grad.len(), scores.len())?;
    rising(ends, scores.len())?;
    positive("denominator", denominator)?;
    finite("scores", scores)?;
    let mut start = 0;
    for &end in ends {
        if end - start < 2 {
            return Err(Error::TooFew { name: "ranks", need: 2, got: end - start });
        }
        start = end;
    }
    let mut all = Comparisons::default();
    start = 0;
    for &end in ends {
        let group = one(&scores[start..end], &ranks[start..end], ties, denominator, &mut grad[start..end]);
        all.merge(&group);
        start = end;
    }
    Ok(all)
}

fn one<R: Real>(scores: &[R], ranks: &[u32], ties: Ties, denominator: f64, grad: &mut [R]) -> Comparisons {
    let k = scores.len();
    let ordered = |&(i, j): &(usize, usize)| ranks[i] < ranks[j];
    let pairs = || (0..k).flat_map(|i| (0..k).map(move |j| (i, j))).filter(ordered);
    let left = pairs().count();
    let divisor = match ties {
        Ties::ShrinkDivisor => left.max(1),
        Ties::KeepDivisor => k * (k - 1) / 2,
    };
    let weight = 1.0 / (divisor as f64 * denominator);
    grad.fill(R::ZERO);
    let mut group = Comparisons { loss: 0.0, pairs: left, correct: 0 };
    for (better, worse) in pairs() {
        let (l, slope) = minus_log_sigmoid(scores[better] - scores[worse]);
        group.loss += l.f64() * weight;
        group.correct += usize::from(scores[better] > scores[worse]);
        let pull = slope * R::of(weight);
        grad[better] += pull;
        grad[worse] -= pull;
    }
    group
}

#[cfg(test)]
mod tests;
