//! Comparisons with more verdicts than two.

use crate::error::check;
use crate::loss::Comparisons;
use crate::loss::comparisons::neighbors;
use crate::loss::sigmoid::minus_log_sigmoid;
use crate::ranges::{finite, positive, within};
use crate::{Coupling, Error, Needs, Objective, Real};

/// A model of the probability of each grade, given the difference d of the two scores. The grades of
/// [`Grades::RaoKupper`] and [`Grades::Davidson`] are 0, the second answer; 1, a tie; 2, the first.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Grades<'a> {
    /// `p(first) = σ(d − ln θ)`, `p(second) = σ(−d − ln θ)`, a tie otherwise (Rao and Kupper, "Ties in
    /// paired-comparison experiments", 1967).
    RaoKupper {
        /// θ ≥ 1: the ratio of strengths that is still no difference. At 1 nothing ties.
        theta: f64,
    },
    /// `p ∝ e^{d/2}, ν, e^{−d/2}` for the first, a tie, the second (Davidson, "On extending the
    /// Bradley–Terry model to accommodate ties", 1970).
    Davidson {
        /// ν ≥ 0: how likely a tie of equals is, relative to either winning. At 0 nothing ties.
        nu: f64,
    },
    /// Ordered logits, `p(grade ≤ k) = σ(c[k] − d)`: grades run from 0, the second answer is much better,
    /// to `cuts.len()`, the first is (McCullagh, "Regression models for ordinal data", 1980).
    Ordered {
        /// c: rising strictly, in units of score; symmetric about 0 where neither place is favored.
        cuts: &'a [f64],
    },
}

impl Grades<'_> {
    /// Checks every range.
    ///
    /// # Errors
    /// [`Error::Range`] names the setting; [`Error::TooFew`] without a cut; [`Error::NotFinite`].
    pub fn validate(&self) -> Result<(), Error> {
        match *self {
            Self::RaoKupper { theta } => within("theta", theta, 1.0, f64::MAX),
            Self::Davidson { nu } => within("nu", nu, 0.0, f64::MAX),
            Self::Ordered { cuts: [] } => Err(Error::TooFew { name: "cuts", need: 1, got: 0 }),
            Self::Ordered { cuts } => {
                finite("cuts", cuts)?;
                match cuts.windows(2).find(|pair| pair[0] >= pair[1]) {
                    Some(pair) => {
                        Err(Error::Range { name: "cuts", value: pair[1], low: pair[0], high: f64::MAX })
                    }
                    None => Ok(()),
                }
            }
        }
    }

    /// The highest grade: the first answer is better, as clearly as can be said.
    pub fn highest(&self) -> usize {
        match self {
            Self::RaoKupper { .. } | Self::Davidson { .. } => 2,
            Self::Ordered { cuts } => cuts.len(),
        }
    }

    /// −ln p(grade) and its slope with respect to d. Infinite where the grade cannot be.
    ///
    /// # Errors
    /// [`Error::Range`] for a grade above the highest.
    pub fn loss(&self, difference: f64, grade: usize) -> Result<(f64, f64), Error> {
        within("grade", grade as f64, 0.0, self.highest() as f64)?;
        Ok(match *self {
            Self::RaoKupper { theta } => {
                let cut = libm::log(theta);
                ordered(difference, grade, &[-cut, cut])
            }
            Self::Davidson { nu } => davidson(difference, grade, libm::log(nu)),
            Self::Ordered { cuts } => ordered(difference, grade, cuts),
        })
    }
}

/// `σ(high) − σ(low) = σ(high)·σ(−low)·(1 − e^{−(high − low)})`, which cancels nowhere.
fn ordered(d: f64, grade: usize, cuts: &[f64]) -> (f64, f64) {
    let below = grade.checked_sub(1).and_then(|i| cuts.get(i));
    let above = cuts.get(grade);
    let (mut loss, mut slope) = (0.0, 0.0);
    if let Some(low) = below {
        let (l, s) = minus_log_sigmoid(d - low);
        (loss, slope) = (loss + l, slope + s);
    }
    if let Some(high) = above {
        let (l, s) = minus_log_sigmoid(high - d);
        (loss, slope) = (loss + l, slope - s);
    }
    if let (Some(low), Some(high)) = (below, above) {
        loss -= libm::log(-libm::expm1(low - high));
    }
    (loss, slope)
}

fn davidson(d: f64, grade: usize, tie: f64) -> (f64, f64) {
    let logits = [-0.5 * d, tie, 0.5 * d];
    let top = logits.iter().fold(f64::NEG_INFINITY, |a, &z| a.max(z));
    let mass = logits.map(|z| libm::exp(z - top));
    let total: f64 = mass.iter().sum();
    let mean = 0.5 * (mass[2] - mass[0]) / total;
    let (own, tilt) = [(logits[0], -0.5), (logits[1], 0.0), (logits[2], 0.5)][grade.min(2)];
    (top + libm::log(total) - own, mean - tilt)
}

/// `L = −Σ ln p(grade | first − second) / n` under a model of grades.
///
/// All slices are `[pairs]`; `n` (`denominator`) counts the pairs of the whole optimizer batch. The
/// gradients are overwritten. In the statistics a pair of the middle grade is no comparison.
///
/// # Errors
/// [`Error::Shape`]; [`Error::Range`] for a denominator that is not positive, a grade above the highest
/// or a setting of the model; [`Error::NotFinite`] for a score, or for a pair whose grade the model
/// holds impossible (a tie at θ = 1 or ν = 0).
pub fn graded<R: Real>(
    first: &[R],
    second: &[R],
    grades: &[u8],
    model: Grades<'_>,
    denominator: f64,
    grad_first: &mut [R],
    grad_second: &mut [R],
) -> Result<Comparisons, Error> {
    let n = first.len();
    check("second", second.len(), n)?;
    check("grades", grades.len(), n)?;
    check("grad_first", grad_first.len(), n)?;
    check("grad_second", grad_second.len(), n)?;
    positive("denominator", denominator)?;
    finite("first", first)?;
    finite("second", second)?;
    model.validate()?;
    let mut all = Comparisons::default();
    for i in 0..n {
        let (grade, difference) = (usize::from(grades[i]), first[i].f64() - second[i].f64());
        let (loss, slope) = model.loss(difference, grade)?;
        if !loss.is_finite() {
            return Err(Error::NotFinite { name: "graded loss", index: i });
        }
        all.loss += loss;
        let lean = (2 * grade).cmp(&model.highest());
        all.pairs += usize::from(lean.is_ne());
        all.correct += usize::from(lean.is_ne() && difference.partial_cmp(&0.0) == Some(lean));
        grad_first[i] = R::of(slope / denominator);
        grad_second[i] = R::of(-slope / denominator);
    }
    all.loss /= denominator;
    Ok(all)
}

/// Pairs of neighboring sequences with a verdict of several grades: a tie, "slightly better", "much
/// better" (see [`graded`]).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Graded<'a> {
    grades: &'a [u8],
    model: Grades<'a>,
    denominator: f64,
    /// Statistics of the comparisons so far, the middle grade left out.
    pub stats: Comparisons,
}

impl<'a> Graded<'a> {
    /// `grades`: `[pairs]`, the higher, the better a pair's first sequence; `denominator` counts the
    /// pairs of the whole optimizer batch.
    ///
    /// # Errors
    /// [`Error::Range`] unless the denominator is positive and the model's settings in range.
    pub fn new(grades: &'a [u8], model: Grades<'a>, denominator: f64) -> Result<Self, Error> {
        positive("denominator", denominator)?;
        model.validate()?;
        Ok(Self { grades, model, denominator, stats: Comparisons::default() })
    }
}

impl Objective for Graded<'_> {
    fn needs(&self) -> Needs {
        Needs { scores: true, ..Needs::default() }
    }

    fn coupling(&self) -> Coupling {
        Coupling::Group
    }

    /// # Errors
    /// [`Error::Shape`] unless there are two scores a grade; [`Error::Range`] for a grade above the
    /// highest; [`Error::NotFinite`] as [`graded`], the index being within the pair.
    fn scores(&mut self, scores: &[f32], grad_scores: &mut [f32]) -> Result<f64, Error> {
        check("scores", scores.len(), 2 * self.grades.len())?;
        let all = neighbors(scores, grad_scores, |i, [a, b], [ga, gb]| {
            graded(a, b, &self.grades[i..=i], self.model, self.denominator, ga, gb)
        })?;
        self.stats.merge(&all);
        Ok(all.loss)
    }
}

#[cfg(test)]
mod tests;
