//! Texts to learn from.

use alloc::vec::Vec;
use core::ops::Range;
use rlhf_core::{Batch, Error, Ragged};

/// Texts to learn from, and which of their tokens are learnt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Examples {
    tokens: Vec<u32>,
    ends: Vec<usize>,
    loss_mask: Vec<bool>,
}

impl Examples {
    /// The texts of an iterator over prompts and responses, each as [`Self::push`] has it.
    ///
    /// ```
    /// use rlhf_train::Examples;
    /// let examples = Examples::try_from_iter([([1, 2], [3, 0]), ([1, 4], [5, 0])])?;
    /// assert_eq!((examples.len(), examples.loss_tokens()), (2, 4));
    /// // Prompts alone, for PPO:
    /// let prompts = Examples::try_from_iter([([1, 2], []), ([1, 4], [])])?;
    /// assert_eq!(prompts.sequences()?.ends(), [2, 4]);
    /// # Ok::<(), rlhf_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Self::push`].
    pub fn try_from_iter<P: AsRef<[u32]>, R: AsRef<[u32]>>(
        texts: impl IntoIterator<Item = (P, R)>,
    ) -> Result<Self, Error> {
        let mut out = Self::default();
        for (prompt, response) in texts {
            out.push(prompt.as_ref(), response.as_ref())?;
        }
        Ok(out)
    }

    /// Appends a text of which only the response is learnt. An empty prompt learns all but the
    /// first token, which nothing predicts.
    ///
    /// # Errors
    /// [`Error::TooFew`] when both are empty.
    pub fn push(&mut self, prompt: &[u32], response: &[u32]) -> Result<(), Error> {
        if prompt.is_empty() && response.is_empty() {
            return Err(Error::TooFew { name: "text", need: 1, got: 0 });
        }
        let start = self.tokens.len();
        self.tokens.extend_from_slice(prompt);
        self.tokens.extend_from_slice(response);
        self.loss_mask.resize(start + prompt.len(), false);
        self.loss_mask.resize(self.tokens.len(), true);
        self.loss_mask[start] = false;
        self.ends.push(self.tokens.len());
        Ok(())
    }

    /// The number of texts.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Returns whether there are no texts.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Text `i`.
    pub fn text(&self, i: usize) -> &[u32] {
        &self.tokens[self.span(i)]
    }

    pub(super) fn span(&self, i: usize) -> Range<usize> {
        (if i == 0 { 0 } else { self.ends[i - 1] })..self.ends[i]
    }

    /// Text `i`: what comes before the first token that is learnt, and the rest.
    pub(super) fn parted(&self, i: usize) -> (&[u32], &[u32]) {
        let span = self.span(i);
        let loss_mask = self.loss_mask[span.clone()].iter().position(|counts| *counts);
        self.tokens[span.clone()].split_at(loss_mask.unwrap_or(span.len()))
    }

    /// The number of tokens.
    pub(super) fn tokens(&self) -> usize {
        self.tokens.len()
    }

    /// All texts.
    ///
    /// # Errors
    /// None that [`Self::push`] has let through.
    pub fn sequences(&self) -> Result<Ragged<'_>, Error> {
        Ragged::new(&self.tokens, &self.ends)
    }

    /// The number of loss tokens.
    pub fn loss_tokens(&self) -> usize {
        self.loss_mask.iter().filter(|counts| **counts).count()
    }

    /// The positions of the loss tokens.
    pub(super) fn positions(&self) -> Vec<usize> {
        (0..self.loss_mask.len()).filter(|&t| self.loss_mask[t]).collect()
    }

    /// The texts of those indices, in that order.
    pub fn select(&self, indices: impl IntoIterator<Item = usize>) -> Self {
        let mut out = Self::default();
        for i in indices {
            out.tokens.extend_from_slice(&self.tokens[self.span(i)]);
            out.loss_mask.extend_from_slice(&self.loss_mask[self.span(i)]);
            out.ends.push(out.tokens.len());
        }
        out
    }

    /// All texts in parts of at most `tokens` tokens (a longer text is its own part), each with the
    /// index of its first text.
    pub fn parts(&self, tokens: usize) -> impl Iterator<Item = Part<'_>> {
        self.parts_of(tokens, 1)
    }

    /// All texts in parts that never split `each` neighboring texts.
    pub(super) fn parts_of(&self, tokens: usize, each: usize) -> impl Iterator<Item = Part<'_>> {
        let ends: Vec<usize> = self.ends.chunks(each).filter_map(|group| group.last().copied()).collect();
        parts(&ends, tokens).into_iter().map(move |groups| {
            let texts = groups.start * each..self.len().min(groups.end * each);
            Part::new(&self.tokens, &self.ends, &self.loss_mask, texts)
        })
    }

    /// The sums of `numbers`, laid out as all tokens, over each text.
    pub(super) fn sums(&self, numbers: &[f32]) -> Vec<f64> {
        (0..self.len()).map(|i| numbers[self.span(i)].iter().map(|&x| f64::from(x)).sum()).collect()
    }

    /// The elements of `numbers`, one for each token, at the texts of those indices, in that order.
    pub(super) fn gather(&self, numbers: &[f32], indices: impl IntoIterator<Item = usize>) -> Vec<f32> {
        indices.into_iter().flat_map(|i| numbers[self.span(i)].iter().copied()).collect()
    }
}

/// Some neighboring texts of a batch.
pub struct Part<'a> {
    tokens: &'a [u32],
    ends: Vec<usize>,
    loss_mask: &'a [bool],
    /// The range of its texts in the batch.
    pub(super) texts: Range<usize>,
    /// The range of its tokens in the batch.
    pub span: Range<usize>,
}

impl<'a> Part<'a> {
    pub(crate) fn new(tokens: &'a [u32], ends: &[usize], loss_mask: &'a [bool], texts: Range<usize>) -> Self {
        let start = if texts.start == 0 { 0 } else { ends[texts.start - 1] };
        let span = start..ends[texts.end - 1];
        Self {
            tokens: &tokens[span.clone()],
            ends: ends[texts.clone()].iter().map(|end| end - start).collect(),
            loss_mask: &loss_mask[span.clone()],
            texts,
            span,
        }
    }

    /// One past the last token of each text, counted from the part's first.
    pub(super) fn ends(&self) -> &[usize] {
        &self.ends
    }

    /// The texts as one batch.
    ///
    /// # Errors
    /// [`Error`] where a text is empty or its first token is to be learnt.
    pub fn batch(&self) -> Result<Batch<'_>, Error> {
        Ok(Batch::new(Ragged::new(self.tokens, &self.ends)?, self.loss_mask)?
            .starting_at(self.texts.start as u32))
    }
}

/// Ranges of neighboring texts with at most `tokens` tokens each.
pub(crate) fn parts(ends: &[usize], tokens: usize) -> Vec<Range<usize>> {
    let mut out = Vec::new();
    let (mut first, mut start) = (0, 0);
    for i in 0..ends.len() {
        if ends[i] - start > tokens && i > first {
            out.push(first..i);
            (first, start) = (i, ends[i - 1]);
        }
    }
    if first < ends.len() {
        out.push(first..ends.len());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn parts_cover_all_texts_and_split_between_them() {
        let mut examples = Examples::default();
        for n in [3, 9, 1, 1, 20, 2] {
            examples.push(&[1], &vec![2; n - 1]).unwrap();
        }
        for most in [1, 4, 10, 100] {
            let mut texts = 0;
            let mut next = 0;
            for part in examples.parts(most) {
                let batch = part.batch().unwrap();
                assert_eq!(batch.first() as usize, texts);
                assert_eq!(part.span.start, next);
                assert!(part.span.len() <= most || batch.sequences().len() == 1);
                texts += batch.sequences().len();
                next = part.span.end;
            }
            assert_eq!((texts, next), (6, 36));
        }
        assert_eq!(examples.loss_tokens(), 36 - 6);
        assert_eq!(examples.select([4, 0]).text(0).len(), 20);
    }

    #[test]
    fn groups_stay_together() {
        let texts = [3, 9, 1, 1, 20, 2].map(|n| (vec![1], vec![2; n - 1]));
        let examples = Examples::try_from_iter(texts).unwrap();
        let parts = |most| -> Vec<_> { examples.parts_of(most, 2).map(|part| part.texts).collect() };
        assert_eq!(parts(1), [0..2, 2..4, 4..6]);
        assert_eq!(parts(14), [0..4, 4..6]);
        let numbers: Vec<f32> = (0..36).map(|i| i as f32).collect();
        assert_eq!(examples.gather(&numbers, [3, 0]), [13.0, 0.0, 1.0, 2.0]);
    }
}
