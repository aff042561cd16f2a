//! The order of items over several epochs.

use alloc::vec::Vec;
use rlhf_core::random::Key;

/// Indices of items, epoch after epoch without end, each epoch in another keyed order.
#[derive(Clone, Debug)]
pub struct EpochSampler {
    key: Key,
    order: Vec<usize>,
    next: usize,
}

impl EpochSampler {
    /// A sampler of `0 .. items`; epoch `n` is shuffled under `key` at step `key.step + n`.
    pub fn new(key: Key, items: usize) -> Self {
        let mut order: Vec<usize> = (0..items).collect();
        key.shuffle(&mut order);
        Self { key, order, next: 0 }
    }

    /// The next `count` indices; none when there are no items.
    pub fn take(&mut self, count: usize) -> Vec<usize> {
        let mut out = Vec::with_capacity(count);
        while out.len() < count && !self.order.is_empty() {
            if self.next == self.order.len() {
                self.key.step = self.key.step.wrapping_add(1);
                self.order.sort_unstable();
                self.key.shuffle(&mut self.order);
                self.next = 0;
            }
            out.push(self.order[self.next]);
            self.next += 1;
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rlhf_core::random::Stream;

    #[test]
    fn an_epoch_shows_everything_once() {
        let mut sampler = EpochSampler::new(Key::new(1, Stream::Shuffle, 0), 5);
        for _ in 0..3 {
            let mut epoch = sampler.take(2);
            epoch.extend(sampler.take(3));
            epoch.sort_unstable();
            assert_eq!(epoch, [0, 1, 2, 3, 4]);
        }
        assert!(EpochSampler::new(Key::new(1, Stream::Shuffle, 0), 0).take(3).is_empty());
    }
}
