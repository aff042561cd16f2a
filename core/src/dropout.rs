//! Dropout (Srivastava et al. 2014) with masks that can be drawn again, on any backend the same.

use crate::Batch;
use crate::random::{Key, Stream};

/// A pass's dropout: which masks, and how many elements are kept.
///
/// A mask depends on the seed, the step, the sequence's place in the optimizer's batch, the token's
/// position and the [`Site`] alone. So a pass that is run again drops the same, and so does another split
/// into micro-batches, or another backend.
#[derive(Clone, Copy, Debug)]
pub struct Dropout {
    key: Key,
    rate: f32,
    sites: usize,
    first: u32,
}

/// A place in a network where elements are dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Site {
    /// The input of the first layer.
    Embedding,
    /// The output of a layer's attention, which is added to the residual stream.
    Attention {
        /// The layer, counted from 0.
        layer: usize,
    },
    /// The output of a layer's MLP, which is added to it.
    Mlp {
        /// The layer, counted from 0.
        layer: usize,
    },
}

impl Site {
    fn index(self) -> usize {
        match self {
            Self::Embedding => 0,
            Self::Attention { layer } => 2 * layer + 1,
            Self::Mlp { layer } => 2 * layer + 2,
        }
    }
}

impl Dropout {
    /// Dropout of a network of so many `layers`, each element with probability `rate` in [0, 1), when it
    /// learns from `batch` after so many `steps`. Nothing at a rate of 0.
    pub fn new(rate: f32, layers: usize, seed: u64, steps: u32, batch: Batch<'_>) -> Option<Self> {
        let key = Key::new(seed, Stream::Dropout, steps);
        (rate > 0.0).then_some(Self { key, rate, sites: 2 * layers + 1, first: batch.first() })
    }

    /// Zeroes each element of `row` with the rate's probability and scales the others by 1 / (1 − rate).
    /// `row` is the activation, or the gradient, of the token at `position` of the batch's
    /// `sequence`-th sequence.
    pub fn apply(&self, sequence: usize, position: usize, site: Site, row: &mut [f32]) {
        let scale = 1.0 / (1.0 - self.rate);
        let least = (f64::from(self.rate) * 4_294_967_296.0) as u32;
        let blocks = row.len().div_ceil(4);
        let sample = self.first.wrapping_add(sequence as u32);
        let start = (position * self.sites + site.index()).wrapping_mul(blocks) as u32;
        for (block, elements) in row.chunks_mut(4).enumerate() {
            let bits = self.key.bits(sample, start.wrapping_add(block as u32));
            for (x, bits) in elements.iter_mut().zip(bits) {
                *x = if bits >= least { *x * scale } else { 0.0 };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Ragged;
    use std::vec;
    use std::vec::Vec;

    const ATTENTION: Site = Site::Attention { layer: 1 };
    const LAST: Site = Site::Mlp { layer: 1 };

    fn dropout(rate: f32, first: u32) -> Option<Dropout> {
        let batch = Batch::new(Ragged::new(&[1, 2], &[2]).unwrap(), &[false, true]).unwrap();
        Dropout::new(rate, 2, 7, 3, batch.starting_at(first))
    }

    fn mask(width: usize, sequence: usize, position: usize, site: Site) -> Vec<f32> {
        let mut row = vec![1.0; width];
        dropout(0.3, 0).unwrap().apply(sequence, position, site, &mut row);
        row
    }

    #[test]
    fn masks_are_keyed_by_their_place() {
        let this = mask(65, 1, 2, ATTENTION);
        assert_eq!(this, mask(65, 1, 2, ATTENTION));
        for other in [mask(65, 0, 2, ATTENTION), mask(65, 1, 1, ATTENTION), mask(65, 1, 2, LAST)] {
            assert_ne!(this, other);
        }
        // The first site of a position does not repeat the last one of the position before.
        assert_ne!(mask(65, 1, 2, LAST), mask(65, 1, 3, Site::Embedding));
        // A part of a batch counts its sequences from where it starts.
        let mut row = vec![1.0; 65];
        dropout(0.3, 1).unwrap().apply(0, 2, ATTENTION, &mut row);
        assert_eq!(this, row);
    }

    #[test]
    fn as_many_are_dropped_as_asked_for_and_the_mean_stays() {
        let all: Vec<f32> = (0..2000).flat_map(|t| mask(10, 0, t, Site::Embedding)).collect();
        assert!(all.iter().all(|&x| x == 0.0 || x == 1.0 / 0.7));
        let dropped = all.iter().filter(|&&x| x == 0.0).count() as f64 / all.len() as f64;
        // Five standard deviations of 20,000 draws.
        assert!((dropped - 0.3).abs() < 5.0 * (0.3f64 * 0.7 / 20_000.0).sqrt(), "{dropped}");
        assert!(dropout(0.0, 0).is_none());
    }
}
