use super::neighbors;
use crate::error::check;
use crate::maths::{Comparisons, Grades, graded};
use crate::ranges::positive;
use crate::{Coupling, Error, Needs, Objective};

/// Pairs of neighboring sequences with a verdict of several grades: a tie, "slightly better", "much
/// better" (see [`graded`]).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Graded<'a> {
    grades: &'a [u8],
    model: Grades<'a>,
    denominator: f64,
    /// What was compared, the middle grade left out.
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
mod tests {
    use super::*;

    #[test]
    fn a_tie_pulls_together_and_a_verdict_apart() {
        let mut o = Graded::new(&[1, 2], Grades::Davidson { nu: 1.0 }, 2.0).unwrap();
        let mut grad = [f32::NAN; 4];
        let loss = o.scores(&[1.0, 0.0, 0.0, 0.0], &mut grad).unwrap();
        let tie = (0.5f64.exp() + 1.0 + (-0.5f64).exp()).ln();
        assert!((loss - (tie + 3f64.ln()) / 2.0).abs() < 1e-7);
        assert!(grad[0] > 0.0 && grad[1] == -grad[0] && grad[2] == -0.25 && grad[3] == 0.25);
        assert_eq!((o.stats.pairs, o.stats.correct), (1, 0));
        let short = o.scores(&[0.0; 2], &mut [0.0; 2]);
        assert_eq!(short, Err(Error::Shape { name: "scores", want: 4, got: 2 }));
    }
}
