//! Batches of items over several epochs.

use super::EpochSampler;
use alloc::vec::Vec;
use rlhf_core::random::Key;

/// Batches of items over several epochs, each epoch in another keyed order. The last batch of an epoch may be
/// smaller.
#[derive(Clone, Debug)]
pub(super) struct Batches {
    order: EpochSampler,
    items: usize,
    batch: usize,
    total: u64,
    step: u64,
}

impl Batches {
    /// `epochs` epochs of `items`, `batch` at a time.
    pub fn new(key: Key, items: usize, batch: u32, epochs: u32) -> Self {
        let batch = (batch as usize).clamp(1, items.max(1));
        let total = items.div_ceil(batch) as u64 * u64::from(epochs);
        Self { order: EpochSampler::new(key, items), items, batch, total, step: 0 }
    }

    /// The number of batches in the run, those done included.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Skips the next `steps` batches.
    pub fn skip_steps(&mut self, steps: u64) {
        (0..steps).map_while(|_| self.next()).for_each(drop);
    }
}

impl Iterator for Batches {
    /// The 0-based number of a batch, and the indices of its items.
    type Item = (u64, Vec<usize>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.step == self.total {
            return None;
        }
        let per_epoch = self.items.div_ceil(self.batch) as u64;
        let before = (self.step % per_epoch) as usize * self.batch;
        let step = self.step;
        self.step += 1;
        Some((step, self.order.take(self.batch.min(self.items - before))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rlhf_core::random::Stream;

    proptest! {
        #[test]
        fn every_pass_shows_everything_once_and_skipping_changes_nothing(
            items in 1usize..30, batch in 1u32..40, epochs in 0u32..4, skipped in 0u64..40,
        ) {
            let key = Key::new(3, Stream::Shuffle, 0);
            let all: Vec<_> = Batches::new(key, items, batch, epochs).collect();
            prop_assert_eq!(all.len() as u64, Batches::new(key, items, batch, epochs).total());
            let shown: Vec<usize> = all.iter().flat_map(|(_, chosen)| chosen.clone()).collect();
            for pass in shown.chunks(items) {
                let mut pass = pass.to_vec();
                pass.sort_unstable();
                prop_assert_eq!(pass, (0..items).collect::<Vec<_>>());
            }
            prop_assert_eq!(shown.len(), items * epochs as usize);
            let mut rest = Batches::new(key, items, batch, epochs);
            rest.skip_steps(skipped);
            prop_assert_eq!(rest.collect::<Vec<_>>(), all[all.len().min(skipped as usize)..].to_vec());
        }
    }
}
