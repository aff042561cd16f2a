//! Preference-model pretraining (Askell et al., arXiv:2112.00861).

use crate::loss::{CrossEntropy, Pairwise};
use crate::{Coupling, Error, Needs, Objective};

/// Preference-model pretraining (Askell et al., arXiv:2112.00861): before there are comparisons by
/// people, pairs of texts that come ranked, by votes or by which one was edited, with a language-model
/// term on the good one. The sum of [`Pairwise`] and [`CrossEntropy`].
///
/// Sequences are good, bad, good, bad …; the loss tokens are those of the good ones alone, and
/// `language` counts those.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PreferencePretraining<'a> {
    /// The comparisons, and what was compared.
    pub comparisons: Pairwise<'a>,
    /// The language-model term, its coefficient included, and what it has seen.
    pub language: CrossEntropy,
}

impl Objective for PreferencePretraining<'_> {
    fn needs(&self) -> Needs {
        Needs { log_probs: true, scores: true, ..Needs::default() }
    }

    fn coupling(&self) -> Coupling {
        self.comparisons.coupling()
    }

    fn tokens(
        &mut self,
        positions: &[usize],
        log_probs: &[f32],
        entropy: &[f32],
        grad_log_probs: &mut [f32],
        grad_entropy: &mut [f32],
    ) -> Result<f64, Error> {
        self.language.tokens(positions, log_probs, entropy, grad_log_probs, grad_entropy)
    }

    fn scores(&mut self, scores: &[f32], grad_scores: &mut [f32]) -> Result<f64, Error> {
        self.comparisons.scores(scores, grad_scores)
    }
}

#[cfg(test)]
mod tests;
