//! Made-up text.

use rlhf_core::random::{Key, Stream};
use rlhf_core::{Batch, Error, Ragged};

/// Sequences of random ids, end to end.
pub(super) struct Text {
    pub tokens: Vec<u32>,
    ends: Vec<usize>,
    owed: Vec<bool>,
}

impl Text {
    /// As many sequences of that many tokens; all are owed that may be.
    pub fn new(vocabulary: usize, sequences: usize, length: usize) -> Self {
        let mut draws = Key::new(1, Stream::Data, 0).draws(0);
        Self {
            tokens: (0..sequences * length).map(|_| draws.below(vocabulary) as u32).collect(),
            ends: (1..=sequences).map(|sequence| sequence * length).collect(),
            owed: (0..sequences * length).map(|t| t % length > 0).collect(),
        }
    }

    pub fn sequences(&self) -> Result<Ragged<'_>, Error> {
        Ragged::new(&self.tokens, &self.ends)
    }

    pub fn batch(&self) -> Result<Batch<'_>, Error> {
        Batch::new(self.sequences()?, &self.owed)
    }

    /// How many tokens are owed.
    pub fn owed(&self) -> f64 {
        self.owed.iter().filter(|owed| **owed).count() as f64
    }
}
