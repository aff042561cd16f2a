//! Comparisons with more verdicts than two.

use super::Comparisons;
use super::bradley_terry::minus_log_sigmoid;
use crate::error::{check, finite, positive, within};
use crate::{Error, Real};

/// How likely each grade of a comparison is, given the difference d of the two scores. The grades of
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
        /// c: rising strictly, in units of score; symmetric about 0 where neither place is favoured.
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
/// All slices are `[pairs]`; `n` (`denominator`) counts the pairs of the whole optimiser batch. The
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maths::bradley_terry;
    use crate::maths::oracle::{close, slope};
    use proptest::prelude::*;
    use std::vec;
    use std::vec::Vec;

    const CUTS: [f64; 5] = [-2.0, -0.8, 0.0, 0.9, 2.5];
    const ORDERED: Grades<'static> = Grades::Ordered { cuts: &CUTS };

    fn sigmoid(x: f64) -> f64 {
        1.0 / (1.0 + (-x).exp())
    }

    /// The probabilities of all grades, from the definitions.
    fn naive(model: Grades<'_>, d: f64) -> Vec<f64> {
        let of_three = |first: f64, second: f64, tie: f64| {
            vec![
                second / (first + second + tie),
                tie / (first + second + tie),
                first / (first + second + tie),
            ]
        };
        match model {
            Grades::RaoKupper { theta } => {
                let (a, b) = (d.exp(), 1.0);
                let tie = (theta * theta - 1.0) * a * b / ((a + theta * b) * (b + theta * a));
                vec![b / (b + theta * a), tie, a / (a + theta * b)]
            }
            Grades::Davidson { nu } => of_three(d.exp(), 1.0, nu * (d / 2.0).exp()),
            Grades::Ordered { cuts } => {
                let up_to = |k: usize| cuts.get(k).map_or(1.0, |c| sigmoid(c - d));
                let below = |k: usize| if k == 0 { 0.0 } else { up_to(k - 1) };
                (0..=cuts.len()).map(|k| up_to(k) - below(k)).collect()
            }
        }
    }

    proptest! {
        #[test]
        fn every_model_is_its_definition_and_adds_up_to_one(d in -6.0..6.0, theta in 1.1..4.0, nu in 0.1..4.0) {
            for model in [Grades::RaoKupper { theta }, Grades::Davidson { nu }, ORDERED] {
                let each: Vec<f64> = (0..=model.highest()).map(|g| model.loss(d, g).unwrap().0).collect();
                for (got, want) in each.iter().zip(naive(model, d)) {
                    close(*got, -want.ln(), 1e-10);
                }
                close(each.iter().map(|l| (-l).exp()).sum(), 1.0, 1e-13);
            }
        }

        #[test]
        fn gradients_are_slopes_and_a_split_changes_nothing(
            x in prop::collection::vec((-3.0..3.0, -3.0..3.0, 0u8..3), 2..9), at in 1usize..8,
        ) {
            let n = x.len();
            let at = at.min(n - 1);
            let scores: Vec<f64> = x.iter().map(|p| p.0).chain(x.iter().map(|p| p.1)).collect();
            let grades: Vec<u8> = x.iter().map(|p| p.2).collect();
            for model in [Grades::RaoKupper { theta: 1.5 }, Grades::Davidson { nu: 0.7 }, ORDERED] {
                let run = |s: &[f64], range: core::ops::Range<usize>, grad: &mut [f64]| {
                    let (a, b) = grad.split_at_mut(range.len());
                    let (first, second) = s.split_at(n);
                    graded(&first[range.clone()], &second[range.clone()], &grades[range], model, n as f64, a, b)
                        .unwrap()
                };
                let mut grad = vec![f64::NAN; 2 * n];
                let whole = run(&scores, 0..n, &mut grad);
                slope(&scores, &grad, |s| run(s, 0..n, &mut vec![0.0; 2 * n]).loss);
                let mut parts = vec![f64::NAN; 2 * n];
                let mut sum = run(&scores, 0..at, &mut parts[..2 * at]);
                sum.merge(&run(&scores, at..n, &mut parts[2 * at..]));
                close(sum.loss, whole.loss, 1e-13);
                prop_assert_eq!((sum.pairs, sum.correct), (whole.pairs, whole.correct));
                prop_assert_eq!(&parts[..at], &grad[..at]);
                prop_assert_eq!(&parts[2 * at..n + at], &grad[at..n]);
            }
        }

        #[test]
        fn without_ties_they_are_bradley_terry(a in -5.0..5.0, b in -5.0..5.0) {
            let (mut ga, mut gb, mut fa, mut fb) = ([0.0], [0.0], [0.0], [0.0]);
            let pair = bradley_terry(&[a], &[b], None, 0.0, 1.0, &mut ga, &mut gb).unwrap();
            let two = Grades::Ordered { cuts: &[0.0] };
            for (model, grade) in [(Grades::RaoKupper { theta: 1.0 }, 2), (Grades::Davidson { nu: 0.0 }, 2), (two, 1)] {
                let got = graded(&[a], &[b], &[grade], model, 1.0, &mut fa, &mut fb).unwrap();
                close(got.loss, pair.loss, 1e-12);
                close(fa[0], ga[0], 1e-12);
                prop_assert_eq!((got.pairs, got.correct, fb[0]), (1, pair.correct, -fa[0]));
                prop_assert!(model.validate().is_ok());
            }
        }

        #[test]
        fn exchanging_the_answers_mirrors_the_grades(d in -4.0..4.0, grade in 0usize..3) {
            for model in [Grades::RaoKupper { theta: 1.7 }, Grades::Davidson { nu: 0.4 }] {
                let (a, b) = (model.loss(d, grade).unwrap(), model.loss(-d, 2 - grade).unwrap());
                close(a.0, b.0, 1e-13);
                close(a.1, -b.1, 1e-13);
            }
        }
    }

    #[test]
    fn what_cannot_be_is_an_error() {
        let with = |grade, model| graded(&[1.0], &[0.0], &[grade], model, 1.0, &mut [0.0], &mut [0.0]);
        let impossible = Err(Error::NotFinite { name: "graded loss", index: 0 });
        assert_eq!(with(1, Grades::RaoKupper { theta: 1.0 }), impossible);
        assert_eq!(with(1, Grades::Davidson { nu: 0.0 }), impossible);
        assert!(matches!(with(3, Grades::Davidson { nu: 1.0 }), Err(Error::Range { name: "grade", .. })));
        assert!(matches!(with(0, Grades::RaoKupper { theta: 0.5 }), Err(Error::Range { name: "theta", .. })));
        assert!(matches!(with(0, Grades::Ordered { cuts: &[0.0, 0.0] }), Err(Error::Range { .. })));
        assert!(matches!(with(0, Grades::Ordered { cuts: &[] }), Err(Error::TooFew { .. })));
    }

    #[test]
    fn far_scores_neither_overflow_nor_vanish() {
        for model in [Grades::RaoKupper { theta: 2.0 }, Grades::Davidson { nu: 1.0 }, ORDERED] {
            let (loss, slope) = model.loss(-1000.0, model.highest()).unwrap();
            assert!((loss - 1000.0).abs() < 3.0 && (slope + 1.0).abs() < 1e-12, "{model:?}: {loss} {slope}");
            let (loss, slope) = model.loss(1000.0, model.highest()).unwrap();
            assert!(loss.abs() < 1e-12 && slope.abs() < 1e-12);
        }
    }
}
