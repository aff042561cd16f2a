//! The batch of an optimizer step of a reward model.

use crate::TOKENS_AT_ONCE;
use crate::examples::{Part, parts};
use alloc::vec::Vec;
use core::ops::Range;

/// Texts end to end, in groups that may not be split, with their ranks or labels.
#[derive(Default)]
pub(super) struct Batch {
    pub tokens: Vec<u32>,
    /// True on the tokens of the language-model term.
    pub loss_mask: Vec<bool>,
    pub ends: Vec<usize>,
    /// One past each group's last text.
    groups: Vec<usize>,
    pub ranks: Vec<u32>,
    /// The ranking or solution of each text, and the index of the answer in it.
    from: Vec<(usize, usize)>,
    /// The margin by which the first text of each pair is to win.
    pub margins: Vec<f32>,
    /// The grade of each pair's verdict.
    pub grades: Vec<u8>,
    /// The end of each step of labeled texts.
    pub steps: Vec<usize>,
    /// The label of each step, or of each text, from 0 (wrong) to 1 (right).
    pub labels: Vec<f32>,
}

/// An answer of a ranking, or a solution.
pub(super) struct Answer<'a> {
    /// The index in the ranking.
    pub index: usize,
    pub text: &'a [u32],
    pub rank: u32,
}

/// Some neighboring groups of a batch.
pub(super) struct BatchPart<'a> {
    pub part: Part<'a>,
    pub texts: Range<usize>,
    pub groups: Range<usize>,
    /// One past each group's last text, counted from the first.
    pub ends: Vec<usize>,
    /// The range of the part's steps in the batch.
    pub steps: Range<usize>,
    /// The end of each step, counted from the first token.
    pub step_ends: Vec<usize>,
}

impl Batch {
    /// Appends answers of ranking or solution `from` as one group.
    pub fn push<'t>(&mut self, from: usize, answers: impl IntoIterator<Item = Answer<'t>>) {
        for Answer { index, text, rank } in answers {
            self.tokens.extend_from_slice(text);
            self.loss_mask.resize(self.tokens.len(), false);
            self.ends.push(self.tokens.len());
            self.ranks.push(rank);
            self.from.push((from, index));
        }
        self.groups.push(self.ends.len());
    }

    /// Adds the first text of the last pair to the language-model term, but for its first token, which nothing
    /// predicts.
    pub fn learn_language_of_chosen(&mut self) {
        let first = self.span(self.ends.len().saturating_sub(2));
        self.loss_mask[first.start + 1..first.end].fill(true);
    }

    /// The range of a text's tokens.
    pub fn span(&self, text: usize) -> Range<usize> {
        (if text == 0 { 0 } else { self.ends[text - 1] })..self.ends[text]
    }

    /// Each text, with its ranking or solution and its index in that.
    pub fn texts(&self) -> impl ExactSizeIterator<Item = (&[u32], (usize, usize))> {
        (0..self.ends.len()).map(|i| (&self.tokens[self.span(i)], self.from[i]))
    }

    /// The batch in parts of a bounded size, of which none splits a group.
    pub fn parts(&self) -> impl Iterator<Item = BatchPart<'_>> {
        let ends: Vec<usize> = self.groups.iter().map(|&texts| self.ends[texts - 1]).collect();
        parts(&ends, TOKENS_AT_ONCE).into_iter().map(|groups| {
            let first = if groups.start == 0 { 0 } else { self.groups[groups.start - 1] };
            let texts = first..self.groups[groups.end - 1];
            let part = Part::new(&self.tokens, &self.ends, &self.loss_mask, texts.clone());
            let before = |end: usize| self.steps.partition_point(|step| *step < end);
            let steps = before(part.span.start)..before(part.span.end);
            BatchPart {
                ends: self.groups[groups.clone()].iter().map(|end| end - first).collect(),
                step_ends: self.steps[steps.clone()].iter().map(|step| step - part.span.start).collect(),
                part,
                texts,
                groups,
                steps,
            }
        })
    }
}
