//! Losses of rankings as an objective.

use crate::error::{check, rising};
use crate::loss::{Comparisons, Stages, Ties, k_wise, plackett_luce};
use crate::ranges::positive;
use crate::{Coupling, Error, Needs, Objective};

/// The loss of a ranking.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RankingLoss {
    /// All its comparisons, which count as one element: InstructGPT's loss (see [`k_wise`]).
    KWise(Ties),
    /// Successive choices; with [`Stages::top`] 1, the best of several answers (see [`plackett_luce`]).
    PlackettLuce(Stages),
}

/// Rankings: the answers to a prompt are neighboring sequences.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ranked<'a> {
    ranks: &'a [u32],
    ends: &'a [usize],
    loss: RankingLoss,
    denominator: f64,
    /// Statistics of the comparisons so far: of successive choices, the answer chosen with each one left, in
    /// every place that counts.
    pub stats: Comparisons,
}

impl<'a> Ranked<'a> {
    /// `ranks`: `[sequences]`, smaller is better, equal ranks are ties; `ends`: one past each
    /// group's last sequence, `[prompts]`; `denominator` counts the prompts of the whole optimizer
    /// batch.
    ///
    /// # Errors
    /// [`Error::Ends`] unless `ends` rise to the number of ranks; [`Error::Range`] unless the
    /// denominator is positive and a `top` at least 1.
    pub fn new(
        ranks: &'a [u32],
        ends: &'a [usize],
        loss: RankingLoss,
        denominator: f64,
    ) -> Result<Self, Error> {
        rising(ends, ranks.len())?;
        positive("denominator", denominator)?;
        if let RankingLoss::PlackettLuce(stages) = loss {
            stages.validate()?;
        }
        Ok(Self { ranks, ends, loss, denominator, stats: Comparisons::default() })
    }
}

impl Objective for Ranked<'_> {
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
        let (ranks, ends, n) = (self.ranks, self.ends, self.denominator);
        let part = match self.loss {
            RankingLoss::KWise(ties) => k_wise(scores, ranks, ends, ties, n, grad_scores)?,
            RankingLoss::PlackettLuce(stages) => plackett_luce(scores, ranks, ends, stages, n, grad_scores)?,
        };
        self.stats.merge(&part);
        Ok(part.loss)
    }
}

#[cfg(test)]
mod tests;
