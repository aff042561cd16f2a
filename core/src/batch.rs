//! Ragged batches: lengths, never pad tokens.

use crate::Error;
use crate::error::check;
use crate::ranges::within;
use core::ops::Range;

/// The ranges that `ends` close, in order.
pub(crate) fn spans(ends: &[usize]) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    ends.iter().map(move |&end| core::mem::replace(&mut start, end)..end)
}

/// Sequences of token ids, end to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ragged<'a> {
    tokens: &'a [u32],
    ends: &'a [usize],
}

impl<'a> Ragged<'a> {
    /// `ends[i]` is one past sequence `i`'s last token; no sequence is empty.
    ///
    /// # Errors
    /// [`Error::Ends`] unless `ends` rises strictly from above 0 to `tokens.len()`.
    pub fn new(tokens: &'a [u32], ends: &'a [usize]) -> Result<Self, Error> {
        let mut start = 0;
        for (sequence, &end) in ends.iter().enumerate() {
            if end <= start || end > tokens.len() {
                return Err(Error::Ends { sequence });
            }
            start = end;
        }
        if start != tokens.len() {
            return Err(Error::Ends { sequence: ends.len().saturating_sub(1) });
        }
        Ok(Self { tokens, ends })
    }

    /// All token ids, `[tokens]`.
    pub fn tokens(&self) -> &'a [u32] {
        self.tokens
    }

    /// One past the last token of each sequence, `[sequences]`.
    pub fn ends(&self) -> &'a [usize] {
        self.ends
    }

    /// Returns the number of sequences.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Returns whether there is no sequence at all.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Returns the range of sequence `i` in [`Self::tokens`].
    pub fn span(&self, i: usize) -> Range<usize> {
        (if i == 0 { 0 } else { self.ends[i - 1] })..self.ends[i]
    }

    /// Checks that a network with this vocabulary and context can read the sequences: what every role refuses.
    ///
    /// # Errors
    /// [`Error::Range`] for a token id outside the vocabulary; [`Error::Full`] for a sequence longer than the context.
    pub fn check(&self, vocabulary: usize, context: usize) -> Result<(), Error> {
        if let Some(&token) = self.tokens.iter().find(|token| **token as usize >= vocabulary) {
            let high = vocabulary as f64 - 1.0;
            return Err(Error::Range { name: "token", value: f64::from(token), low: 0.0, high });
        }
        match (0..self.len()).any(|i| self.span(i).len() > context) {
            true => Err(Error::Full { capacity: context }),
            false => Ok(()),
        }
    }

    /// The sequences with their spans, in order.
    pub fn sequences(&self) -> impl Iterator<Item = (&'a [u32], Range<usize>)> + use<'a> {
        let this = *self;
        (0..this.len()).map(move |i| (&this.tokens[this.span(i)], this.span(i)))
    }
}

/// A [`Ragged`] with what a forward pass has to know about it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Batch<'a> {
    sequences: Ragged<'a>,
    loss_mask: &'a [bool],
    temperature: f32,
    first: u32,
}

impl<'a> Batch<'a> {
    /// `loss_mask[t]` asks for the log-probability and entropy of `tokens[t]` given what precedes it.
    /// A sequence's first token, which nothing predicts, is never a loss token.
    ///
    /// # Errors
    /// [`Error::Shape`] unless `loss_mask` is as long as the tokens; [`Error::Ends`] with the sequence
    /// whose first token is in the loss mask.
    pub fn new(sequences: Ragged<'a>, loss_mask: &'a [bool]) -> Result<Self, Error> {
        check("loss_mask", loss_mask.len(), sequences.tokens.len())?;
        for i in 0..sequences.len() {
            if loss_mask[sequences.span(i).start] {
                return Err(Error::Ends { sequence: i });
            }
        }
        Ok(Self { sequences, loss_mask, temperature: 1.0, first: 0 })
    }

    /// Divides logits by `temperature`, as the sampler did.
    ///
    /// # Errors
    /// [`Error::Range`] unless it is positive and finite.
    pub fn at_temperature(mut self, temperature: f32) -> Result<Self, Error> {
        within("temperature", f64::from(temperature), f64::from(f32::MIN_POSITIVE), f64::from(f32::MAX))?;
        self.temperature = temperature;
        Ok(self)
    }

    /// The index in the optimizer's batch of this part's first sequence. It keys dropout, so that
    /// a split changes nothing.
    pub fn starting_at(mut self, first: u32) -> Self {
        self.first = first;
        self
    }

    /// The sequences.
    pub fn sequences(&self) -> Ragged<'a> {
        self.sequences
    }

    /// The mask of the tokens whose log-probabilities are asked for, `[tokens]`.
    pub fn loss_mask(&self) -> &'a [bool] {
        self.loss_mask
    }

    /// The positions of the loss tokens, in rising order.
    pub fn positions(&self) -> impl Iterator<Item = usize> + use<'a> {
        let loss_mask = self.loss_mask;
        (0..loss_mask.len()).filter(move |t| loss_mask[*t])
    }

    /// The temperature, which logits are divided by.
    pub fn temperature(&self) -> f32 {
        self.temperature
    }

    /// The index in the optimizer's batch of the first sequence.
    pub fn first(&self) -> u32 {
        self.first
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_must_rise_to_the_number_of_tokens() {
        let t = [1, 2, 3];
        assert!(Ragged::new(&t, &[1, 3]).is_ok());
        assert!(Ragged::new(&[], &[]).is_ok());
        assert_eq!(Ragged::new(&t, &[1, 1, 3]), Err(Error::Ends { sequence: 1 }));
        assert_eq!(Ragged::new(&t, &[1, 2]), Err(Error::Ends { sequence: 1 }));
        assert_eq!(Ragged::new(&t, &[4]), Err(Error::Ends { sequence: 0 }));
        assert_eq!(Ragged::new(&t, &[]), Err(Error::Ends { sequence: 0 }));
    }

    #[test]
    fn a_first_token_is_never_in_the_loss() {
        let sequences = Ragged::new(&[1, 2, 3], &[1, 3]).unwrap();
        assert!(Batch::new(sequences, &[false, false, true]).is_ok());
        assert_eq!(Batch::new(sequences, &[false, true, true]), Err(Error::Ends { sequence: 1 }));
    }

    #[test]
    fn what_a_network_cannot_read_is_refused() {
        let sequences = Ragged::new(&[1, 2, 3, 0], &[3, 4]).unwrap();
        assert_eq!(sequences.check(4, 3), Ok(()));
        let outside = Error::Range { name: "token", value: 3.0, low: 0.0, high: 2.0 };
        assert_eq!(sequences.check(3, 3), Err(outside));
        assert_eq!(sequences.check(4, 2), Err(Error::Full { capacity: 2 }));
        let batch = Batch::new(sequences, &[false, true, true, false]).unwrap();
        assert!(batch.positions().eq([1, 2]));
    }
}
