//! Random numbers that depend on what they are for, not on when they are drawn.
//!
//! Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011): a keyed
//! bijection of a 128-bit counter. The key is the run's seed; the counter is (stream, step, sample,
//! position). Recomputing a draw repeats it, in any order and on any number of threads.

/// The purpose of a draw. Streams never share numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Stream {
    /// Initial weights.
    Init = 1,
    /// The order of training data.
    Shuffle = 2,
    /// Tokens drawn from a policy.
    Sampling = 3,
    /// Dropout masks.
    Dropout = 4,
    /// Made-up data.
    Data = 5,
    /// Simulated labelers.
    Labels = 6,
    /// Resampling for intervals.
    Bootstrap = 7,
}

/// A seed, a stream and a step: all that a draw depends on beside its sample and position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// The run's seed.
    pub seed: u64,
    /// The purpose of the draws.
    pub stream: Stream,
    /// The training step, epoch or other outer index.
    pub step: u32,
}

impl Key {
    /// The key of one step of one stream.
    pub fn new(seed: u64, stream: Stream, step: u32) -> Self {
        Self { seed, stream, step }
    }

    /// 128 uniform bits.
    pub fn bits(&self, sample: u32, position: u32) -> [u32; 4] {
        philox4x32(
            [position, sample, self.step, self.stream as u32],
            [self.seed as u32, (self.seed >> 32) as u32],
        )
    }

    /// A uniform number in `[0, 1)`, a multiple of 2⁻⁵³.
    pub fn uniform(&self, sample: u32, position: u32) -> f64 {
        unit(self.bits(sample, position))
    }

    /// A standard normal number (Box–Muller).
    pub fn normal(&self, sample: u32, position: u32) -> f64 {
        let [a, b, c, d] = self.bits(sample, position);
        let radius = libm::sqrt(-2.0 * libm::log(1.0 - unit([a, b, 0, 0])));
        radius * libm::cos(core::f64::consts::TAU * unit([c, d, 0, 0]))
    }

    /// Draws of one sample, one after the other.
    pub fn draws(&self, sample: u32) -> Draws {
        Draws { key: *self, sample, position: 0 }
    }

    /// Shuffles `items` (Fisher–Yates).
    ///
    /// ```
    /// use rlhf_core::random::{Key, Stream};
    /// let mut order = [0, 1, 2, 3, 4, 5, 6, 7];
    /// Key::new(1, Stream::Shuffle, 0).shuffle(&mut order);
    /// let mut sorted = order;
    /// sorted.sort();
    /// assert_eq!(sorted, [0, 1, 2, 3, 4, 5, 6, 7]);
    /// assert_ne!(order, sorted);
    /// ```
    pub fn shuffle<T>(&self, items: &mut [T]) {
        let mut draws = self.draws(0);
        for i in (1..items.len()).rev() {
            items.swap(i, draws.below(i + 1));
        }
    }
}

/// Draws of one sample, one after the other; see [`Key::draws`].
#[derive(Clone, Copy, Debug)]
pub struct Draws {
    key: Key,
    sample: u32,
    position: u32,
}

impl Draws {
    fn next(&mut self) -> u32 {
        self.position += 1;
        self.position - 1
    }

    /// A uniform number in `[0, 1)`.
    pub fn uniform(&mut self) -> f64 {
        let position = self.next();
        self.key.uniform(self.sample, position)
    }

    /// A standard normal number.
    pub fn normal(&mut self) -> f64 {
        let position = self.next();
        self.key.normal(self.sample, position)
    }

    /// A uniform integer below `n`; 0 when `n` is 0. Its bias is below `n`/2⁵³.
    pub fn below(&mut self, n: usize) -> usize {
        ((self.uniform() * n as f64) as usize).min(n.saturating_sub(1))
    }

    /// Draws one of `items`, each with the same probability.
    ///
    /// # Panics
    /// Panics if `items` is empty.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}

fn unit([a, b, ..]: [u32; 4]) -> f64 {
    let bits = (u64::from(a) << 21) ^ (u64::from(b) >> 11);
    bits as f64 * (1.0 / (1u64 << 53) as f64)
}

fn philox4x32(mut c: [u32; 4], mut k: [u32; 2]) -> [u32; 4] {
    for _ in 0..10 {
        let p0 = u64::from(c[0]) * 0xD251_1F53;
        let p1 = u64::from(c[2]) * 0xCD9E_8D57;
        c = [(p1 >> 32) as u32 ^ c[1] ^ k[0], p1 as u32, (p0 >> 32) as u32 ^ c[3] ^ k[1], p0 as u32];
        k = [k[0].wrapping_add(0x9E37_79B9), k[1].wrapping_add(0xBB67_AE85)];
    }
    c
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The known answers that the generator's authors publish.
    #[test]
    fn philox_known_answers() {
        assert_eq!(philox4x32([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(
            philox4x32([u32::MAX; 4], [u32::MAX; 2]),
            [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
        );
        assert_eq!(
            philox4x32([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0]),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn draws_have_the_moments_they_promise() {
        let key = Key::new(7, Stream::Data, 0);
        let n = 20_000;
        let mean = (0..n).map(|i| key.uniform(i, 0)).sum::<f64>() / f64::from(n);
        assert!((mean - 0.5).abs() < 0.01, "{mean}");
        let var = (0..n).map(|i| key.normal(i, 1).powi(2)).sum::<f64>() / f64::from(n);
        assert!((var - 1.0).abs() < 0.05, "{var}");
    }

    #[test]
    fn steps_samples_and_streams_do_not_share_draws() {
        let key = Key::new(7, Stream::Data, 0);
        assert_eq!(key.bits(1, 2), Key::new(7, Stream::Data, 0).bits(1, 2));
        for other in
            [Key::new(8, Stream::Data, 0), Key::new(7, Stream::Labels, 0), Key::new(7, Stream::Data, 1)]
        {
            assert_ne!(key.bits(1, 2), other.bits(1, 2));
        }
        assert_ne!(key.bits(1, 2), key.bits(2, 1));
    }

    #[test]
    fn seeded_draws_keep_their_values() {
        let mut d = Key::new(42, Stream::Sampling, 3).draws(5);
        let first = [d.below(1000), d.below(1000), d.below(1000), d.below(1000)];
        assert_eq!(first, [573, 171, 652, 80], "update only with a (numbers) entry in the changelog");
    }
}
