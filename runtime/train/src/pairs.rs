//! Responses to learn from in pairs.

use super::{Examples, Ranking};
use rlhf_core::Error;

/// Pairs of responses to one prompt: a chosen one, and a rejected one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pairs {
    /// Chosen, rejected, chosen, rejected …, each after its prompt.
    texts: Examples,
}

impl Pairs {
    /// The pairs of an iterator over prompts, chosen and rejected responses, each as [`Self::push`] has
    /// it.
    ///
    /// ```
    /// use rlhf_train::Pairs;
    /// let pairs = Pairs::try_from_iter([([1, 2], [3, 0], [4, 0]), ([1, 4], [5, 0], [2, 0])])?;
    /// assert_eq!(pairs.len(), 2);
    /// # Ok::<(), rlhf_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Self::push`].
    pub fn try_from_iter<P: AsRef<[u32]>, C: AsRef<[u32]>, R: AsRef<[u32]>>(
        pairs: impl IntoIterator<Item = (P, C, R)>,
    ) -> Result<Self, Error> {
        let mut out = Self::default();
        for (prompt, chosen, rejected) in pairs {
            out.push(prompt.as_ref(), chosen.as_ref(), rejected.as_ref())?;
        }
        Ok(out)
    }

    /// Appends a pair. Only the responses are learnt; an empty prompt leaves out their first tokens,
    /// which nothing predicts.
    ///
    /// # Errors
    /// [`Error::TooFew`] for a response of which nothing is learnt; no pair is appended then.
    pub fn push(&mut self, prompt: &[u32], chosen: &[u32], rejected: &[u32]) -> Result<(), Error> {
        self.push_texts((prompt, chosen), (prompt, rejected))
    }

    /// Appends a pair whose prompts differ: cut at the front, to leave room for responses of different
    /// lengths.
    ///
    /// # Errors
    /// As [`Self::push`].
    pub fn push_texts(&mut self, chosen: (&[u32], &[u32]), rejected: (&[u32], &[u32])) -> Result<(), Error> {
        some_response("chosen", chosen.0, chosen.1)?;
        some_response("rejected", rejected.0, rejected.1)?;
        self.texts.push(chosen.0, chosen.1)?;
        self.texts.push(rejected.0, rejected.1)
    }

    /// Appends every pair of a ranking whose answers are not tied: what its texts share at their
    /// beginning, `prompt` tokens, is the prompt.
    ///
    /// # Errors
    /// As [`Self::push`]; [`Error::Shape`] unless each text has a rank.
    pub fn push_ranking(&mut self, ranking: &Ranking, prompt: usize) -> Result<(), Error> {
        let Ranking { texts, ranks, .. } = ranking;
        if texts.len() != ranks.len() {
            return Err(Error::Shape { name: "ranks", want: texts.len(), got: ranks.len() });
        }
        for (better, worse) in ranking.pairs() {
            let (before, chosen) = texts[better].split_at(prompt.min(texts[better].len()));
            self.push(before, chosen, texts[worse].get(prompt..).unwrap_or(&[]))?;
        }
        Ok(())
    }

    /// The number of pairs.
    pub fn len(&self) -> usize {
        self.texts.len() / 2
    }

    /// Returns whether there are no pairs.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// The texts: chosen, rejected, chosen, rejected …
    pub fn texts(&self) -> &Examples {
        &self.texts
    }

    /// The pairs of those indices, in that order.
    pub fn select(&self, indices: impl IntoIterator<Item = usize>) -> Self {
        Self { texts: self.texts.select(indices.into_iter().flat_map(|i| [2 * i, 2 * i + 1])) }
    }
}

/// Refuses a response of which no token is learnt.
pub(super) fn some_response(name: &'static str, prompt: &[u32], response: &[u32]) -> Result<(), Error> {
    let need = if prompt.is_empty() { 2 } else { 1 };
    let got = response.len();
    if got < need { Err(Error::TooFew { name, need, got }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn a_response_that_teaches_nothing_is_refused_and_leaves_no_half_pair() {
        let mut pairs = Pairs::default();
        assert_eq!(pairs.push(&[1], &[2], &[]), Err(Error::TooFew { name: "rejected", need: 1, got: 0 }));
        assert_eq!(pairs.push(&[], &[2], &[3, 4]), Err(Error::TooFew { name: "chosen", need: 2, got: 1 }));
        assert!(pairs.is_empty() && pairs.texts().is_empty());
        pairs.push(&[1], &[2], &[3, 4]).unwrap();
        assert_eq!((pairs.len(), pairs.texts().loss_tokens()), (1, 3));
    }

    #[test]
    fn a_ranking_gives_its_pairs_without_ties() {
        let texts = vec![vec![7, 1], vec![7, 2, 0], vec![7, 3]];
        let ranking =
            |ranks: &[u32]| Ranking { texts: texts.clone(), ranks: ranks.to_vec(), ..Ranking::default() };
        let mut pairs = Pairs::default();
        pairs.push_ranking(&ranking(&[2, 1, 2]), 1).unwrap();
        let want = Pairs::try_from_iter([([7], vec![2, 0], vec![1]), ([7], vec![2, 0], vec![3])]).unwrap();
        assert_eq!(pairs, want);
        assert!(pairs.push_ranking(&ranking(&[1]), 1).is_err());
        // The whole text is prompt: nothing is left to learn.
        assert!(pairs.push_ranking(&ranking(&[1, 2, 3]), 9).is_err());
    }

    #[test]
    fn pairs_are_selected_whole() {
        let pairs = Pairs::try_from_iter([([7], [1], [2]), ([7], [3], [4])]).unwrap();
        assert_eq!(pairs.select([1, 0]).select([1]), pairs.select([0]));
        assert_eq!(pairs.select([1]).texts().text(1), [7, 4]);
    }
}
