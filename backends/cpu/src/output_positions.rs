//! The rows of the network's output that are read: the last layer computes no others.

use alloc::vec::Vec;
use core::ops::Range;
use rlhf_core::{Batch, Ragged};

/// The rows of each sequence, from the first that is read to the last. Rows are counted through the batch.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct OutputPositions {
    spans: Vec<Range<usize>>,
    rows: usize,
    /// The number of all rows.
    tokens: usize,
}

impl OutputPositions {
    fn new(sequences: Ragged<'_>, span: impl Fn(Range<usize>) -> Range<usize>) -> Self {
        let spans: Vec<Range<usize>> = sequences.sequences().map(|(_, all)| span(all)).collect();
        let rows = spans.iter().map(ExactSizeIterator::len).sum();
        Self { spans, rows, tokens: sequences.tokens().len() }
    }

    /// Selects every row.
    pub(crate) fn all(sequences: Ragged<'_>) -> Self {
        Self::new(sequences, |span| span)
    }

    /// Selects no row.
    pub(crate) fn none(sequences: Ragged<'_>) -> Self {
        Self::new(sequences, |span| span.start..span.start)
    }

    /// Selects the rows of the last tokens, at which scores are read.
    pub(crate) fn last(sequences: Ragged<'_>) -> Self {
        Self::new(sequences, |span| span.end - 1..span.end)
    }

    /// Selects the rows before loss tokens, which predict them.
    pub(crate) fn before_loss_tokens(batch: Batch<'_>) -> Self {
        let loss_mask = batch.loss_mask();
        Self::new(batch.sequences(), |span| {
            let mut loss_mask = span.clone().filter(|&t| loss_mask[t]);
            match loss_mask.next() {
                Some(first) => first - 1..loss_mask.next_back().unwrap_or(first),
                None => span.start..span.start,
            }
        })
    }

    /// Selects these rows and those of `other`.
    pub(crate) fn and(mut self, other: &Self) -> Self {
        for (span, other) in self.spans.iter_mut().zip(&other.spans) {
            if span.start == span.end {
                *span = other.clone();
            } else if other.start < other.end {
                *span = span.start.min(other.start)..span.end.max(other.end);
            }
        }
        self.rows = self.spans.iter().map(ExactSizeIterator::len).sum();
        self
    }

    /// Returns one range of rows for each sequence.
    pub(crate) fn spans(&self) -> &[Range<usize>] {
        &self.spans
    }

    /// The number of rows.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Returns whether they are so few that moving them together pays.
    pub(crate) fn are_few(&self) -> bool {
        16 * self.rows < 15 * self.tokens
    }

    /// Copies columns of these rows to a matrix that has no others. Rows of `all` are `row` wide.
    pub(crate) fn gather(&self, all: &[f32], row: usize, columns: Range<usize>, few: &mut Vec<f32>) {
        few.clear();
        few.reserve(self.rows * columns.len());
        for t in self.spans.iter().flat_map(Clone::clone) {
            few.extend_from_slice(&all[t * row..][columns.clone()]);
        }
    }

    /// Copies them back to their places, and leaves the others as they are.
    pub(crate) fn scatter(&self, few: &[f32], row: usize, columns: Range<usize>, all: &mut [f32]) {
        let rows = self.spans.iter().flat_map(Clone::clone);
        for (t, few) in rows.zip(few.chunks_exact(columns.len())) {
            all[t * row..][columns.clone()].copy_from_slice(few);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn sequences() -> Ragged<'static> {
        Ragged::new(&[7; 9], &[3, 4, 9]).unwrap()
    }

    #[test]
    fn owed_tokens_are_read_one_row_before() {
        let loss_mask = [false, true, false, false, false, false, true, false, true];
        let outputs = OutputPositions::before_loss_tokens(Batch::new(sequences(), &loss_mask).unwrap());
        assert_eq!(outputs.spans(), [0..1, 3..3, 5..8]);
        let last = OutputPositions::last(sequences());
        assert_eq!(last.spans(), [2..3, 3..4, 8..9]);
        let both = outputs.and(&last);
        assert_eq!((both.spans(), both.rows()), (&[0..3, 3..4, 5..9][..], 8));
        assert_eq!(both.and(&OutputPositions::all(sequences())), OutputPositions::all(sequences()));
        assert_eq!(OutputPositions::none(sequences()).and(&last), last);
        assert_eq!(last.clone().and(&OutputPositions::none(sequences())), last);
    }

    #[test]
    fn what_is_gathered_goes_back_to_its_place() {
        let outputs = OutputPositions::last(sequences());
        let all: Vec<f32> = (0..18).map(|x| x as f32).collect();
        let mut few = vec![1.0];
        outputs.gather(&all, 2, 0..2, &mut few);
        assert_eq!(few, [4.0, 5.0, 6.0, 7.0, 16.0, 17.0]);
        let mut back = vec![0.0; 18];
        outputs.scatter(&few, 2, 0..2, &mut back);
        assert!(back.iter().zip(&all).all(|(b, a)| *b == 0.0 || b == a));
        assert_eq!(back.iter().filter(|x| **x != 0.0).count(), 6);
        outputs.gather(&all, 2, 1..2, &mut few);
        assert_eq!(few, [5.0, 7.0, 17.0]);
        outputs.scatter(&[-1.0, -2.0, -3.0], 2, 1..2, &mut back);
        assert_eq!((&back[4..8], &back[16..]), (&[4.0, -1.0, 6.0, -2.0][..], &[16.0, -3.0][..]));
        assert!(outputs.are_few() && !OutputPositions::all(sequences()).are_few());
    }
}
