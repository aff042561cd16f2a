use crate::error::{check, positive, rising};
use crate::maths::{Comparisons, Ties, k_wise};
use crate::{Coupling, Error, Needs, Objective};

/// InstructGPT's loss over rankings: the answers to a prompt are neighbouring sequences, and all
/// their comparisons count as one element (see [`k_wise`]).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KWise<'a> {
    ranks: &'a [u32],
    ends: &'a [usize],
    ties: Ties,
    denominator: f64,
    /// What was compared.
    pub stats: Comparisons,
}

impl<'a> KWise<'a> {
    /// `ranks`: `[sequences]`, smaller is better, equal ranks are ties; `ends`: one past each
    /// group's last sequence, `[prompts]`; `denominator` counts the prompts of the whole optimiser
    /// batch.
    ///
    /// # Errors
    /// [`Error::Ends`] unless `ends` rise to the number of ranks; [`Error::Range`] unless the
    /// denominator is positive.
    pub fn new(ranks: &'a [u32], ends: &'a [usize], ties: Ties, denominator: f64) -> Result<Self, Error> {
        rising(ends, ranks.len())?;
        positive("denominator", denominator)?;
        Ok(Self { ranks, ends, ties, denominator, stats: Comparisons::default() })
    }
}

impl Objective for KWise<'_> {
    fn needs(&self) -> Needs {
        Needs { scores: true, ..Needs::default() }
    }

    fn coupling(&self) -> Coupling {
        Coupling::Group
    }

    /// # Errors
    /// [`Error::Shape`] unless there is one score a rank; [`Error::TooFew`] for a group of one;
    /// [`Error::NotFinite`].
    fn scores(&mut self, scores: &[f32], grad_scores: &mut [f32]) -> Result<f64, Error> {
        check("scores", scores.len(), self.ranks.len())?;
        let part = k_wise(scores, self.ranks, self.ends, self.ties, self.denominator, grad_scores)?;
        self.stats.merge(&part);
        Ok(part.loss)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_split_between_groups_changes_nothing() {
        let (scores, ranks) = ([0.5, 1.0, -1.0, 2.0, 0.0], [1, 2, 1, 2, 2]);
        let mut whole = [f32::NAN; 5];
        let mut o = KWise::new(&ranks, &[2, 5], Ties::ShrinkDivisor, 2.0).unwrap();
        let loss = o.scores(&scores, &mut whole).unwrap();
        let mut parts = [f32::NAN; 5];
        let mut a = KWise::new(&ranks[..2], &[2], Ties::ShrinkDivisor, 2.0).unwrap();
        let mut b = KWise::new(&ranks[2..], &[3], Ties::ShrinkDivisor, 2.0).unwrap();
        let sum = a.scores(&scores[..2], &mut parts[..2]).unwrap()
            + b.scores(&scores[2..], &mut parts[2..]).unwrap();
        assert_eq!((sum, parts), (loss, whole));
        a.stats.merge(&b.stats);
        assert_eq!(a.stats, o.stats);
        assert_eq!((o.stats.pairs, o.stats.correct), (3, 0));
        assert!(o.scores(&scores[..4], &mut [0.0; 4]).is_err());
    }
}
