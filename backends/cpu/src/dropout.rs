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
