//! Losses over pairs as an objective.

use crate::error::check;
use crate::log_probs::Reduction;
use crate::loss::responses::{Response, responses};
use crate::loss::{Against, PairLogProbs, Per, Preference, PreferenceStats, preference};
use crate::ranges::{finite, positive, within};
use crate::{Coupling, Error, Needs, Objective};
use alloc::vec::Vec;

/// Counts of the whole optimizer batch, the denominators.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PreferenceCounts {
    /// Pairs.
    pub pairs: f64,
    /// Loss tokens of the chosen responses; read by an SFT term that is a mean per token.
    pub chosen_tokens: f64,
}

/// A loss over pairs of neighboring sequences, chosen, rejected, chosen, rejected … (see
/// [`preference`] and [`Preference`]), with an SFT term on the chosen ones.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PreferencePairs<'a> {
    settings: Preference,
    ends: &'a [usize],
    counts: PreferenceCounts,
    reference: Option<&'a [f32]>,
    first_wins: Option<&'a [bool]>,
    optimism: f64,
    /// Statistics of the comparisons so far; their loss is the preference loss alone.
    pub stats: PreferenceStats,
    /// Σ −ln p of the chosen tokens seen, in nats.
    pub chosen_nats: f64,
}

impl<'a> PreferencePairs<'a> {
    /// `ends`: one past each sequence's last token, `[sequences]`, as the batch's.
    ///
    /// # Errors
    /// [`Preference::validate`]'s; [`Error::Range`] for a count that is read and not positive;
    /// [`Error::Shape`] for a sequence without a neighbor.
    pub fn new(settings: Preference, ends: &'a [usize], counts: PreferenceCounts) -> Result<Self, Error> {
        settings.validate()?;
        positive("pairs", counts.pairs)?;
        if settings.supervised.coefficient > 0.0 && settings.supervised.per == Per::Token {
            positive("chosen_tokens", counts.chosen_tokens)?;
        }
        check("ends", ends.len(), ends.len() / 2 * 2)?;
        let stats = PreferenceStats::default();
        Ok(Self {
            settings,
            ends,
            counts,
            reference: None,
            first_wins: None,
            optimism: 0.0,
            stats,
            chosen_nats: 0.0,
        })
    }

    /// The reference's log-probabilities, in nats, laid out as the batch's tokens; only loss tokens
    /// are read, and none without [`Against::Reference`].
    pub fn with_reference(mut self, reference: &'a [f32]) -> Self {
        self.reference = Some(reference);
        self
    }

    /// For pairs labeled while training (online DPO, OAIF): whether the first sequence of each pair is
    /// the chosen one, `[pairs]`.
    ///
    /// # Errors
    /// [`Error::Shape`].
    pub fn with_winners(mut self, first_wins: &'a [bool]) -> Result<Self, Error> {
        check("first_wins", first_wins.len(), self.ends.len() / 2)?;
        self.first_wins = Some(first_wins);
        Ok(self)
    }

    /// XPO's optimism (Xie et al., arXiv:2405.21046): the second sequence of each pair, whoever wins, is
    /// drawn from the reference, and `α·Σ ln π / pairs` of those is added, so that the policy leaves
    /// what the reference would say.
    ///
    /// # Errors
    /// [`Error::Range`] for an α below 0.
    pub fn with_optimism(mut self, alpha: f64) -> Result<Self, Error> {
        within("optimism", alpha, 0.0, f64::MAX)?;
        self.optimism = alpha;
        Ok(self)
    }

    /// The cost in the SFT term of a nat of each of a chosen response's tokens.
    fn supervised(&self, chosen: &Response) -> f64 {
        let settings = self.settings.supervised;
        if settings.coefficient == 0.0 {
            return 0.0;
        }
        settings.coefficient
            / match settings.per {
                Per::Token => self.counts.chosen_tokens,
                Per::Response => self.counts.pairs * chosen.tokens(),
            }
    }

    fn divisor(&self, response: &Response) -> f64 {
        match self.settings.reduction {
            Reduction::Sum => 1.0,
            Reduction::Mean => response.tokens(),
        }
    }
}

impl Objective for PreferencePairs<'_> {
    fn needs(&self) -> Needs {
        Needs { log_probs: true, ..Needs::default() }
    }

    fn coupling(&self) -> Coupling {
        if self.settings.sorts() { Coupling::Batch } else { Coupling::Group }
    }

    /// # Errors
    /// [`preference`]'s; [`Error::TooFew`] for a sequence without a loss token; [`Error::Ends`] for a token
    /// beyond the last sequence.
    fn tokens(
        &mut self,
        positions: &[usize],
        log_probs: &[f32],
        _entropy: &[f32],
        grad_log_probs: &mut [f32],
        grad_entropy: &mut [f32],
    ) -> Result<f64, Error> {
        check("grad_log_probs", grad_log_probs.len(), positions.len())?;
        grad_entropy.fill(0.0);
        let reference = self.reference.filter(|_| self.settings.against == Against::Reference);
        let all = responses(self.ends, positions, log_probs, reference)?;
        let wins = |pair: usize| self.first_wins.is_none_or(|wins| wins[pair]);
        let side = |pair: usize, chosen: bool| &all[2 * pair + usize::from(wins(pair) != chosen)];
        let n = all.len() / 2;
        let gather = |chosen: bool, of: fn(&Response) -> f64| -> Vec<f64> {
            (0..n).map(|i| side(i, chosen)).map(|r| of(r) / self.divisor(r)).collect()
        };
        let (chosen, rejected) = (gather(true, |r| r.log_prob), gather(false, |r| r.log_prob));
        let base = [gather(true, |r| r.reference), gather(false, |r| r.reference)];
        let reference = reference.map(|_| [&base[0][..], &base[1][..]]);
        let pairs = PairLogProbs { chosen: &chosen, rejected: &rejected, reference };
        let (mut up, mut down) = (alloc::vec![0.0; n], alloc::vec![0.0; n]);
        let part = preference(&self.settings, pairs, self.counts.pairs, &mut up, &mut down)?;
        let (mut loss, mut nats) = (part.loss, 0.0);
        for (i, response) in all.iter().enumerate() {
            let (pair, second) = (i / 2, i % 2 == 1);
            let (slope, mut lean) = if wins(pair) != second {
                nats -= response.log_prob;
                (up[pair], -self.supervised(response))
            } else {
                (down[pair], 0.0)
            };
            if second {
                lean += self.optimism / self.counts.pairs;
            }
            loss += lean * response.log_prob;
            // Every token of a response pulls alike.
            let pull = slope / self.divisor(response) + lean;
            grad_log_probs[response.loss_mask.clone()].fill(pull as f32);
        }
        finite("grad_log_probs", grad_log_probs)?;
        self.stats.merge(&part);
        self.chosen_nats += nats;
        Ok(loss)
    }
}

#[cfg(test)]
mod tests;
