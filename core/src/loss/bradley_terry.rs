//! Pairwise reward-model loss.

use super::comparisons::{Comparisons, neighbors};
use super::sigmoid::minus_log_sigmoid;
use crate::error::check;
use crate::ranges::{finite, positive};
use crate::{Coupling, Error, Needs, Objective, Real};

/// Bradley–Terry loss with optional margin m and centering coefficient c:
/// `L = Σ [−ln σ(a − b − m) + c·(a + b)²] / n` for chosen scores a and rejected scores b
/// (Touvron et al., arXiv:2307.09288, eq. 2; centering: Eisenstein et al., arXiv:2312.09244).
///
/// All slices are `[pairs]`, scores in any unit; `n` (`denominator`) counts the pairs of the whole
/// optimizer batch. The gradients are overwritten.
///
/// # Errors
/// [`Error::Shape`]; [`Error::Range`] for a denominator that is not positive;
/// [`Error::NotFinite`] for a score or margin.
#[allow(clippy::too_many_arguments)]
pub fn bradley_terry<R: Real>(
    chosen: &[R],
    rejected: &[R],
    margin: Option<&[R]>,
    centering: f64,
    denominator: f64,
    grad_chosen: &mut [R],
    grad_rejected: &mut [R],
) -> Result<Comparisons, Error> {
    let n = chosen.len();
    check("rejected", rejected.len(), n)?;
    check("grad_chosen", grad_chosen.len(), n)?;
    check("grad_rejected", grad_rejected.len(), n)?;
    if let Some(margin) = margin {
        check("margin", margin.len(), n)?;
        finite("margin", margin)?;
    }
    positive("denominator", denominator)?;
    finite("chosen", chosen)?;
    finite("rejected", rejected)?;
    let (mut loss, mut correct) = (0.0, 0);
    for i in 0..n {
        let (a, b) = (chosen[i], rejected[i]);
        let (l, slope) = minus_log_sigmoid(a - b - margin.map_or(R::ZERO, |m| m[i]));
        let sum = (a + b).f64();
        loss += l.f64() + centering * sum * sum;
        correct += usize::from(a > b);
        grad_chosen[i] = R::of((slope.f64() + 2.0 * centering * sum) / denominator);
        grad_rejected[i] = R::of((-slope.f64() + 2.0 * centering * sum) / denominator);
    }
    Ok(Comparisons { loss: loss / denominator, pairs: n, correct })
}

/// Bradley–Terry loss over pairs of neighboring sequences: chosen, rejected, chosen, rejected …
/// (see [`bradley_terry`]).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pairwise<'a> {
    margin: Option<&'a [f32]>,
    centering: f64,
    denominator: f64,
    /// Statistics of the comparisons so far.
    pub stats: Comparisons,
}

impl<'a> Pairwise<'a> {
    /// `denominator` counts the pairs of the whole optimizer batch.
    ///
    /// # Errors
    /// [`Error::Range`] unless it is positive.
    pub fn new(denominator: f64) -> Result<Self, Error> {
        positive("denominator", denominator)?;
        Ok(Self { margin: None, centering: 0.0, denominator, stats: Comparisons::default() })
    }

    /// The chosen score is to win by `margin`, `[pairs]`, in units of score.
    ///
    /// # Errors
    /// [`Error::NotFinite`].
    pub fn with_margin(mut self, margin: &'a [f32]) -> Result<Self, Error> {
        finite("margin", margin)?;
        self.margin = Some(margin);
        Ok(self)
    }

    /// Adds `centering·(chosen + rejected)²` to each pair's loss.
    ///
    /// # Errors
    /// [`Error::NotFinite`].
    pub fn with_centering(mut self, centering: f64) -> Result<Self, Error> {
        finite("centering", &[centering])?;
        self.centering = centering;
        Ok(self)
    }
}

impl Objective for Pairwise<'_> {
    fn needs(&self) -> Needs {
        Needs { scores: true, ..Needs::default() }
    }

    fn coupling(&self) -> Coupling {
        Coupling::Group
    }

    /// # Errors
    /// [`Error::Shape`] unless there are two scores a pair; [`Error::NotFinite`].
    fn scores(&mut self, scores: &[f32], grad_scores: &mut [f32]) -> Result<f64, Error> {
        if let Some(margin) = self.margin {
            check("margin", margin.len(), scores.len().div_ceil(2))?;
        }
        let all = neighbors(scores, grad_scores, |i, [a, b], [ga, gb]| {
            let margin = self.margin.map(|m| &m[i..=i]);
            bradley_terry(a, b, margin, self.centering, self.denominator, ga, gb)
        })?;
        self.stats.merge(&all);
        Ok(all.loss)
    }
}

#[cfg(test)]
mod tests;
