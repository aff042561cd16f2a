use super::Pairwise;
use crate::objectives::CrossEntropy;
use crate::{Coupling, Error, Needs, Objective};

/// Preference-model pretraining (Askell et al., arXiv:2112.00861): before there are comparisons by
/// people, pairs of texts that come ranked, by votes or by which one was edited, with a language-model
/// term on the good one. The sum of [`Pairwise`] and [`CrossEntropy`].
///
/// Sequences are good, bad, good, bad …; the batch owes the tokens of the good ones alone, and
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
mod tests {
    use super::*;

    #[test]
    fn it_is_the_sum_of_its_parts() {
        let parts = || (Pairwise::new(1.0).unwrap(), CrossEntropy::weighted(2.0, 0.5).unwrap());
        let (comparisons, language) = parts();
        let mut both = PreferencePretraining { comparisons, language };
        let (mut one, mut other) = parts();
        assert_eq!(both.coupling(), Coupling::Group);
        assert!(both.needs().scores && both.needs().log_probs);
        let (mut a, mut b) = ([f32::NAN; 2], [f32::NAN; 2]);
        let got = both.scores(&[1.0, 2.0], &mut a).unwrap();
        assert_eq!((got, a), (one.scores(&[1.0, 2.0], &mut b).unwrap(), b));
        let got = both.tokens(&[1, 2], &[-1.0, -3.0], &[], &mut a, &mut []).unwrap();
        assert_eq!((got, a), (other.tokens(&[1, 2], &[-1.0, -3.0], &[], &mut b, &mut []).unwrap(), b));
        assert_eq!((got, both.comparisons.stats.pairs, both.language.tokens), (1.0, 1, 2));
    }
}
