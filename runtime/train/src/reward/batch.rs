//! What an optimizer step of a reward model is shown.

use crate::TOKENS_AT_ONCE;
use crate::examples::{Part, parts};
use alloc::vec::Vec;
use core::ops::Range;

/// Texts end to end, in groups that may not be split, and what is said of them.
#[derive(Default)]
pub(super) struct Groups {
    pub tokens: Vec<u32>,
    /// Tokens that a language-model term learns.
    pub loss_mask: Vec<bool>,
    pub ends: Vec<usize>,
    /// One past each group's last text.
    groups: Vec<usize>,
    pub ranks: Vec<u32>,
    /// Which ranking's or solution's each text is, and which of its answers.
    from: Vec<(usize, usize)>,
    /// Of each group that is a pair: how much the first is to win by, and the verdict's grade.
    pub margins: Vec<f32>,
    pub grades: Vec<u8>,
    /// Where the steps of labeled texts end, and whether they are right.
    pub steps: Vec<usize>,
    pub labels: Vec<f32>,
}

/// Some neighboring groups of a batch.
pub(super) struct Shown<'a> {
    pub part: Part<'a>,
    pub texts: Range<usize>,
    pub groups: Range<usize>,
    /// One past each group's last text, counted from the first.
    pub ends: Vec<usize>,
    /// Which of the batch's steps these are, and where they end, counted from the first token.
    pub steps: Range<usize>,
    pub step_ends: Vec<usize>,
}

impl Groups {
    /// Appends a group of texts, each with which of its answers it is and its rank.
    pub fn push(&mut self, from: usize, texts: &[(usize, &[u32], u32)]) {
        for (answer, text, rank) in texts {
            self.tokens.extend_from_slice(text);
            self.loss_mask.resize(self.tokens.len(), false);
            self.ends.push(self.tokens.len());
            self.ranks.push(*rank);
            self.from.push((from, *answer));
        }
        self.groups.push(self.ends.len());
    }

    /// Has the language-model term learn the last pair's first text, all but the token that nothing
    /// predicts.
    pub fn owe_the_first_of_two(&mut self) {
        let first = self.span(self.ends.len().saturating_sub(2));
        self.loss_mask[first.start + 1..first.end].fill(true);
    }

    /// Where a text's tokens lie.
    pub fn span(&self, text: usize) -> Range<usize> {
        (if text == 0 { 0 } else { self.ends[text - 1] })..self.ends[text]
    }

    /// Each text, and where it is from.
    pub fn texts(&self) -> impl ExactSizeIterator<Item = (&[u32], (usize, usize))> {
        (0..self.ends.len()).map(|i| (&self.tokens[self.span(i)], self.from[i]))
    }

    /// All of it, in parts that fit.
    pub fn shown(&self) -> impl Iterator<Item = Shown<'_>> {
        let ends: Vec<usize> = self.groups.iter().map(|&texts| self.ends[texts - 1]).collect();
        parts(&ends, TOKENS_AT_ONCE).into_iter().map(|groups| {
            let first = if groups.start == 0 { 0 } else { self.groups[groups.start - 1] };
            let texts = first..self.groups[groups.end - 1];
            let part = Part::new(&self.tokens, &self.ends, &self.loss_mask, texts.clone());
            let before = |end: usize| self.steps.partition_point(|step| *step < end);
            let steps = before(part.span.start)..before(part.span.end);
            Shown {
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
