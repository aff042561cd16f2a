//! Preferences between two segments of behavior.

use crate::advantage::Variance;
use crate::advantage::whitening::variance;
use crate::error::{check, rising};
use crate::loss::Comparisons;
use crate::loss::sigmoid::minus_log_sigmoid;
use crate::ranges::{positive, within};
use crate::{Coupling, Error, Needs, Objective, Real};

/// The probability that somebody prefers a segment whose rewards add up to `first` over one with `second`,
/// when a share `noise` of all answers is given at random (Christiano et al., arXiv:1706.03741, eq. 1 and
/// §2.2.3): `P = (1 − ε)·σ(first − second) + ε/2`.
pub fn segment_preference<R: Real>(first: R, second: R, noise: f64) -> f64 {
    let (l, _) = minus_log_sigmoid(first.f64() - second.f64());
    (1.0 - noise) * libm::exp(-l) + 0.5 * noise
}

/// `−ln P` of [`segment_preference`] and its slope with respect to `x = first − second`.
fn minus_log_preference(x: f64, noise: f64) -> (f64, f64) {
    let (l, slope) = minus_log_sigmoid(x);
    if noise == 0.0 {
        // The same as below, also where σ is too small to be held.
        return (l, slope);
    }
    let heard = (1.0 - noise) * libm::exp(-l);
    let p = heard + 0.5 * noise;
    (-libm::log(p), heard * slope / p)
}

/// Cross-entropy of preferences between segments, whose rewards are sums over steps (Christiano et al.,
/// arXiv:1706.03741, §2.2.3): with μ the weight on the first,
///
/// `L = −Σ_pairs [μ·ln P(first ≻ second) + (1 − μ)·ln P(second ≻ first)] / n`.
///
/// `values` (predicted rewards), `mask` (which of them count), `grad`: `[steps]`, first segment, second
/// segment, first, second …; `ends`: one past each segment's last step, `[2·pairs]`, whose lengths may
/// differ. `preferred` (μ): `[pairs]`: 1, 0, or ½ for a tie. `noise` (ε): 0.1 in the paper. `n`
/// (`denominator`) counts the pairs of the whole optimizer batch. `grad` is overwritten, masked-out steps
/// with 0. A tie is no comparison in the statistics.
///
/// # Errors
/// [`Error::Shape`], [`Error::Ends`]; [`Error::Range`] unless 0 ≤ μ ≤ 1, 0 ≤ ε < 1 and n > 0;
/// [`Error::NotFinite`] for a masked-in value.
pub fn segment_preferences<R: Real>(
    values: &[R],
    mask: &[bool],
    ends: &[usize],
    preferred: &[R],
    noise: f64,
    denominator: f64,
    grad: &mut [R],
) -> Result<Comparisons, Error> {
    check("mask", mask.len(), values.len())?;
    check("grad", grad.len(), values.len())?;
    check("ends", ends.len(), 2 * preferred.len())?;
    rising(ends, values.len())?;
    positive("denominator", denominator)?;
    within("noise", noise, 0.0, 1.0 - f64::EPSILON)?;
    preferred.iter().try_for_each(|p| within("preferred", p.f64(), 0.0, 1.0))?;
    if let Some(index) = (0..values.len()).find(|&t| mask[t] && !values[t].is_finite()) {
        return Err(Error::NotFinite { name: "values", index });
    }
    let sum = |start: usize, end: usize| -> f64 {
        (start..end).filter(|&t| mask[t]).map(|t| values[t].f64()).sum()
    };
    let (mut all, mut start) = (Comparisons::default(), 0);
    for (pair, preferred) in ends.chunks_exact(2).zip(preferred) {
        let (middle, end, preferred) = (pair[0], pair[1], preferred.f64());
        let x = sum(start, middle) - sum(middle, end);
        let ((first, up), (second, down)) = (minus_log_preference(x, noise), minus_log_preference(-x, noise));
        all.loss += preferred * first + (1.0 - preferred) * second;
        let decided = preferred != 0.5;
        all.pairs += usize::from(decided);
        all.correct += usize::from(decided && x != 0.0 && (preferred > 0.5) == (x > 0.0));
        let slope = (preferred * up - (1.0 - preferred) * down) / denominator;
        for t in start..end {
            let signed = if t < middle { slope } else { -slope };
            grad[t] = if mask[t] { R::of(signed) } else { R::ZERO };
        }
        start = end;
    }
    all.loss /= denominator;
    Ok(all)
}

/// Computes an ensemble's disagreement about a pair: the population variance, over its members, of the
/// probability that the first segment is preferred (arXiv:1706.03741, §2.2.4). The pairs with the most are
/// worth asking about. `preferences`: `[members]`, each of [`segment_preference`].
///
/// # Errors
/// [`Error::TooFew`] without a member; [`Error::NotFinite`].
pub fn disagreement(preferences: &[f64]) -> Result<f64, Error> {
    variance("preferences", preferences, Variance::Population)
}

/// Preferences between neighboring segments of behavior: first, second, first, second … (see
/// [`segment_preferences`]). A segment may lie in one sequence or in several.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SegmentPreferences<'a> {
    steps: &'a [bool],
    ends: &'a [usize],
    preferred: &'a [f32],
    noise: f64,
    denominator: f64,
    /// Statistics of the comparisons so far; a tie is no comparison.
    pub stats: Comparisons,
}

impl<'a> SegmentPreferences<'a> {
    /// `steps`, laid out as the batch's tokens, says whose values are rewards; `ends`: one past each
    /// segment's last token, `[2·pairs]`; `preferred`, `[pairs]`: 1 where the first is better, 0 where the
    /// second is, ½ for a tie; `noise`: the share of answers given at random. `denominator` counts the
    /// pairs of the whole optimizer batch.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::Ends`]; [`Error::Range`] unless 0 ≤ noise < 1 and the denominator is
    /// positive.
    pub fn new(
        steps: &'a [bool],
        ends: &'a [usize],
        preferred: &'a [f32],
        noise: f64,
        denominator: f64,
    ) -> Result<Self, Error> {
        rising(ends, steps.len())?;
        check("ends", ends.len(), 2 * preferred.len())?;
        within("noise", noise, 0.0, 1.0 - f64::EPSILON)?;
        positive("denominator", denominator)?;
        Ok(Self { steps, ends, preferred, noise, denominator, stats: Comparisons::default() })
    }
}

impl Objective for SegmentPreferences<'_> {
    fn needs(&self) -> Needs {
        Needs { values: true, ..Needs::default() }
    }

    fn coupling(&self) -> Coupling {
        Coupling::Group
    }

    /// # Errors
    /// [`Error::Shape`]; [`Error::Range`] unless each preference is from 0 to 1; [`Error::NotFinite`] for
    /// a step's value.
    fn values(&mut self, values: &[f32], grad_values: &mut [f32]) -> Result<f64, Error> {
        check("values", values.len(), self.steps.len())?;
        let (steps, ends, preferred) = (self.steps, self.ends, self.preferred);
        let stats =
            segment_preferences(values, steps, ends, preferred, self.noise, self.denominator, grad_values)?;
        self.stats.merge(&stats);
        Ok(stats.loss)
    }
}

#[cfg(test)]
mod tests;
