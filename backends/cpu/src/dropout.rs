//! Dropout (Srivastava et al. 2014) with masks that can be drawn again.

use rlhf_core::random::Key;

/// A pass's dropout: which masks, and how many are kept.
#[derive(Clone, Copy)]
pub(crate) struct Dropout {
    pub(crate) key: Key,
    pub(crate) rate: f32,
    /// How many places of a network drop.
    pub(crate) sites: usize,
}

impl Dropout {
    /// Zeroes each element of `row` with probability `rate` and scales the others by
    /// 1 / (1 − rate). The mask depends on the key, the sample, the position and the site alone.
    pub(crate) fn apply(&self, sample: u32, position: u32, site: usize, row: &mut [f32]) {
        let scale = 1.0 / (1.0 - self.rate);
        let least = (f64::from(self.rate) * 4_294_967_296.0) as u32;
        let blocks = row.len().div_ceil(4);
        let first = (position as usize * self.sites + site).wrapping_mul(blocks) as u32;
        for (block, elements) in row.chunks_mut(4).enumerate() {
            let bits = self.key.bits(sample, first.wrapping_add(block as u32));
            for (x, bits) in elements.iter_mut().zip(bits) {
                *x = if bits >= least { *x * scale } else { 0.0 };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use alloc::vec::Vec;
    use rlhf_core::random::Stream;

    fn mask(width: usize, sample: u32, position: u32, site: usize) -> Vec<f32> {
        let dropout = Dropout { key: Key::new(7, Stream::Dropout, 3), rate: 0.3, sites: 5 };
        let mut row = vec![1.0; width];
        dropout.apply(sample, position, site, &mut row);
        row
    }

    #[test]
    fn masks_are_keyed_by_their_place() {
        let this = mask(65, 1, 2, 3);
        assert_eq!(this, mask(65, 1, 2, 3));
        for other in [mask(65, 0, 2, 3), mask(65, 1, 1, 3), mask(65, 1, 2, 4)] {
            assert_ne!(this, other);
        }
        // The first site of a position does not repeat the last one of the position before.
        assert_ne!(mask(65, 1, 2, 4), mask(65, 1, 3, 0));
    }

    #[test]
    fn as_many_are_dropped_as_asked_for_and_the_mean_stays() {
        let all: Vec<f32> = (0..2000).flat_map(|t| mask(10, 0, t, 0)).collect();
        assert!(all.iter().all(|&x| x == 0.0 || x == 1.0 / 0.7));
        let dropped = all.iter().filter(|&&x| x == 0.0).count() as f64 / all.len() as f64;
        // Five standard deviations of 20,000 draws.
        assert!((dropped - 0.3).abs() < 5.0 * (0.3f64 * 0.7 / 20_000.0).sqrt(), "{dropped}");
    }
}
