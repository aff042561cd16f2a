use crate::error::{check, positive, rising};
use crate::maths::{Comparisons, Stages, plackett_luce};
use crate::{Coupling, Error, Needs, Objective};

/// Rankings as successive choices; with [`Stages::top`] 1, the best of several answers. The answers to a
/// prompt are neighbouring sequences (see [`plackett_luce`]).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlackettLuce<'a> {
    ranks: &'a [u32],
    ends: &'a [usize],
    stages: Stages,
    denominator: f64,
    /// What was compared: the answer chosen with each one left, in every place that counts.
    pub stats: Comparisons,
}

impl<'a> PlackettLuce<'a> {
    /// `ranks`: `[sequences]`, smaller is better; `ends`: one past each group's last sequence,
    /// `[prompts]`; `denominator` counts the prompts of the whole optimiser batch.
    ///
    /// # Errors
    /// [`Error::Ends`] unless `ends` rise to the number of ranks; [`Error::Range`] unless the
    /// denominator is positive and a `top` at least 1.
    pub fn new(ranks: &'a [u32], ends: &'a [usize], stages: Stages, denominator: f64) -> Result<Self, Error> {
        rising(ends, ranks.len())?;
        positive("denominator", denominator)?;
        stages.validate()?;
        Ok(Self { ranks, ends, stages, denominator, stats: Comparisons::default() })
    }
}

impl Objective for PlackettLuce<'_> {
    fn needs(&self) -> Needs {
        Needs { scores: true, ..Needs::default() }
    }

    fn coupling(&self) -> Coupling {
        Coupling::Group
    }

    /// # Errors
    /// [`Error::Shape`] unless there is one score a rank; [`Error::Tied`] where ties are refused;
    /// [`Error::TooFew`] for a group of one; [`Error::NotFinite`].
    fn scores(&mut self, scores: &[f32], grad_scores: &mut [f32]) -> Result<f64, Error> {
        check("scores", scores.len(), self.ranks.len())?;
        let part = plackett_luce(scores, self.ranks, self.ends, self.stages, self.denominator, grad_scores)?;
        self.stats.merge(&part);
        Ok(part.loss)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_sees_groups_and_merges_what_it_saw() {
        let ranks = [1, 0, 1, 1, 0, 1];
        let best = Stages { top: Some(1), ..Stages::default() };
        let mut o = PlackettLuce::new(&ranks, &[4, 6], best, 2.0).unwrap();
        let mut grad = [f32::NAN; 6];
        let loss = o.scores(&[0.0; 6], &mut grad).unwrap();
        assert!((loss - (4f64.ln() + 2f64.ln()) / 2.0).abs() < 1e-12);
        assert_eq!(grad, [0.125, -0.375, 0.125, 0.125, -0.25, 0.25]);
        o.scores(&[0.0, 1.0, 0.0, 0.0, 1.0, 0.0], &mut grad).unwrap();
        assert_eq!((o.stats.pairs, o.stats.correct), (8, 4));
        let short = o.scores(&[0.0; 4], &mut [0.0; 4]);
        assert_eq!(short, Err(Error::Shape { name: "scores", want: 6, got: 4 }));
        assert!(PlackettLuce::new(&ranks, &[4], best, 2.0).is_err());
    }
}
