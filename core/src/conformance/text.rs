//! The texts of the checks.

use super::Subject;
use crate::random::{Key, Stream};
use crate::{Batch, Error, Ragged};
use alloc::vec::Vec;

/// The seed of all that the kit makes up.
pub(super) const SEED: u64 = 20_220_304;

/// A batch that owns its parts.
#[derive(Clone, Debug)]
pub(super) struct Text {
    pub(super) tokens: Vec<u32>,
    pub(super) ends: Vec<usize>,
    pub(super) loss_mask: Vec<bool>,
    pub(super) temperature: f32,
    /// The index of the first sequence in the batch that this is a part of.
    pub(super) first: u32,
}

impl Default for Text {
    fn default() -> Self {
        Self { tokens: Vec::new(), ends: Vec::new(), loss_mask: Vec::new(), temperature: 1.0, first: 0 }
    }
}

impl Text {
    /// The loss mask covers all but first tokens.
    pub(super) fn of<T: AsRef<[u32]>>(sequences: impl IntoIterator<Item = T>) -> Self {
        let mut text = Self::default();
        for sequence in sequences {
            let sequence = sequence.as_ref();
            text.tokens.extend_from_slice(sequence);
            text.loss_mask.extend((0..sequence.len()).map(|t| t > 0));
            text.ends.push(text.tokens.len());
        }
        text
    }

    /// Uneven lengths from 1 to the context, and every fourth token not in the loss mask.
    pub(super) fn uneven<S: Subject>(subject: &S) -> Self {
        let long = subject.context();
        let lengths = [3, 1, long, 2, long / 2 + 1, 5];
        let mut text = Self::of(lengths.iter().zip(0..).map(|(n, i)| words(subject, *n, i)));
        for t in (0..text.loss_mask.len()).step_by(4) {
            text.loss_mask[t] = false;
        }
        text
    }

    /// Three sequences, eight loss tokens.
    pub(super) fn short<S: Subject>(subject: &S) -> Self {
        Self::of([4, 2, 5].iter().zip(10..).map(|(n, i)| words(subject, *n, i)))
    }

    /// Every id, both as input and as the token predicted, in sequences as long as the context.
    pub(super) fn every<S: Subject>(subject: &S) -> Self {
        let (ids, long) = (subject.vocabulary() as u32, subject.context());
        let mut draws = Key::new(SEED, Stream::Data, 3).draws(0);
        let mut all: Vec<u32> = (0..ids).collect();
        for i in (1..all.len()).rev() {
            all.swap(i, draws.below(i + 1));
        }
        // Each sequence begins with the last token of the one before, so that every id but one follows another.
        let mut sequences: Vec<Vec<u32>> = alloc::vec![alloc::vec![all[all.len() - 1]]];
        for id in all {
            if sequences.last().is_some_and(|sequence| sequence.len() == long) {
                sequences.push(
                    sequences.last().and_then(|sequence| sequence.last()).into_iter().copied().collect(),
                );
            }
            if let Some(sequence) = sequences.last_mut() {
                sequence.push(id);
            }
        }
        // The last one is filled up.
        if let Some(last) = sequences.last_mut() {
            while last.len() < long {
                last.push(draws.below(ids as usize) as u32);
            }
        }
        Self::of(sequences)
    }

    /// Each of some texts followed by each id of the vocabulary; only this last id is in the loss mask.
    pub(super) fn continued<S: Subject, T: AsRef<[u32]>>(subject: &S, prefixes: &[T]) -> Self {
        let ids = 0..subject.vocabulary() as u32;
        let each = prefixes.iter().flat_map(|prefix| ids.clone().map(|id| [prefix.as_ref(), &[id]].concat()));
        let mut text = Self::of(each);
        text.loss_mask.fill(false);
        for &end in &text.ends {
            text.loss_mask[end - 1] = true;
        }
        text
    }

    pub(super) fn sequences(&self) -> Result<Ragged<'_>, Error> {
        Ragged::new(&self.tokens, &self.ends)
    }

    pub(super) fn batch(&self) -> Result<Batch<'_>, Error> {
        Ok(Batch::new(self.sequences()?, &self.loss_mask)?
            .at_temperature(self.temperature)?
            .starting_at(self.first))
    }

    /// Sets the temperature.
    pub(super) fn at(mut self, temperature: f32) -> Self {
        self.temperature = temperature;
        self
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Returns the range of sequence `i` in the tokens.
    pub(super) fn span(&self, i: usize) -> core::ops::Range<usize> {
        let start = if i == 0 { 0 } else { self.ends[i - 1] };
        start..self.ends[i]
    }

    /// Some of the sequences, in the order given.
    pub(super) fn pick(&self, order: impl IntoIterator<Item = usize>) -> Self {
        let mut text = Self::default().at(self.temperature);
        for i in order {
            text.tokens.extend_from_slice(&self.tokens[self.span(i)]);
            text.loss_mask.extend_from_slice(&self.loss_mask[self.span(i)]);
            text.ends.push(text.tokens.len());
        }
        text
    }

    /// The positions of the tokens in the loss mask.
    pub(super) fn positions(&self) -> Vec<usize> {
        (0..self.loss_mask.len()).filter(|t| self.loss_mask[*t]).collect()
    }
}

/// Random tokens.
pub(super) fn words<S: Subject>(subject: &S, len: usize, sample: u32) -> Vec<u32> {
    let mut draws = Key::new(SEED, Stream::Data, 0).draws(sample);
    (0..len).map(|_| draws.below(subject.vocabulary()) as u32).collect()
}

/// Random numbers around 0.
pub(super) fn numbers(len: usize, sample: u32) -> Vec<f32> {
    let key = Key::new(SEED, Stream::Data, 1);
    (0..len as u32).map(|i| key.normal(sample, i) as f32).collect()
}
