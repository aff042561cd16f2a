use crate::error::check;
use crate::maths::{Judgments, binary_cross_entropy};
use crate::ranges::positive;
use crate::{Coupling, Error, Needs, Objective};

/// Outcome rewards: each sequence's score is the logit of its being right (see
/// [`binary_cross_entropy`]).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome<'a> {
    labels: &'a [f32],
    denominator: f64,
    /// What was judged.
    pub stats: Judgments,
}

impl<'a> Outcome<'a> {
    /// `labels`: `[sequences]`, 0 to 1; `denominator` counts the sequences of the whole optimizer batch.
    ///
    /// # Errors
    /// [`Error::Range`] unless the denominator is positive.
    pub fn new(labels: &'a [f32], denominator: f64) -> Result<Self, Error> {
        positive("denominator", denominator)?;
        Ok(Self { labels, denominator, stats: Judgments::default() })
    }
}

impl Objective for Outcome<'_> {
    fn needs(&self) -> Needs {
        Needs { scores: true, ..Needs::default() }
    }

    fn coupling(&self) -> Coupling {
        Coupling::Sequence
    }

    /// # Errors
    /// [`Error::Shape`] unless there is one score a label; [`Error::Range`] for a label outside
    /// 0 ..= 1; [`Error::NotFinite`].
    fn scores(&mut self, scores: &[f32], grad_scores: &mut [f32]) -> Result<f64, Error> {
        check("scores", scores.len(), self.labels.len())?;
        let part = binary_cross_entropy(scores, self.labels, self.denominator, grad_scores)?;
        self.stats.merge(&part);
        Ok(part.loss)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_logits() {
        let mut o = Outcome::new(&[1.0, 0.0], 2.0).unwrap();
        let mut grad = [f32::NAN; 2];
        assert!((o.scores(&[0.0, 0.0], &mut grad).unwrap() - 2f64.ln()).abs() < 1e-12);
        assert_eq!((grad, o.stats.accuracy()), ([-0.25, 0.25], Some(0.5)));
        assert!(o.scores(&[0.0], &mut [0.0]).is_err());
        assert!(Outcome::new(&[], 0.0).is_err());
    }
}
