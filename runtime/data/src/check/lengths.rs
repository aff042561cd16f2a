//! Statistics of text lengths, in memory that does not grow.

use serde::Serialize;

/// Buckets to each doubling: a quantile is at most a thirty-second below the true one.
const PARTS: usize = 32;

/// Lengths of texts, in characters and in words.
#[derive(Clone, Debug, Default)]
pub struct Lengths {
    characters: Histogram,
    words: Histogram,
}

/// Some quantiles of lengths. They are exact below 64 and at both ends, elsewhere up to 3 % too small.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Quantiles {
    /// The number of texts.
    pub count: u64,
    /// The shortest.
    pub least: u64,
    /// A twentieth is shorter.
    pub p5: u64,
    /// The median.
    pub median: u64,
    /// A twentieth is longer.
    pub p95: u64,
    /// The longest.
    pub most: u64,
}

impl Lengths {
    /// Adds a text.
    pub fn add(&mut self, text: &str) {
        self.characters.add(text.chars().count() as u64);
        self.words.add(text.split_whitespace().count() as u64);
    }

    /// Returns the lengths in characters.
    pub fn characters(&self) -> Quantiles {
        self.characters.quantiles()
    }

    /// Returns the lengths in words, which white space separates.
    pub fn words(&self) -> Quantiles {
        self.words.quantiles()
    }
}

#[derive(Clone, Debug, Default)]
struct Histogram {
    buckets: Vec<u64>,
    count: u64,
    least: Option<u64>,
    most: u64,
}

fn bucket(length: u64) -> usize {
    if length < 2 * PARTS as u64 {
        return length as usize;
    }
    // The highest bit, and the five that follow.
    let shift = length.ilog2() as usize - PARTS.ilog2() as usize;
    shift * PARTS + (length >> shift) as usize
}

fn lowest(bucket: usize) -> u64 {
    let shift = (bucket / PARTS).saturating_sub(1);
    ((bucket - shift * PARTS) as u64) << shift
}

impl Histogram {
    fn add(&mut self, length: u64) {
        let bucket = bucket(length);
        if self.buckets.len() <= bucket {
            self.buckets.resize(bucket + 1, 0);
        }
        if let Some(count) = self.buckets.get_mut(bucket) {
            *count += 1;
        }
        self.count += 1;
        self.least = Some(self.least.map_or(length, |least| least.min(length)));
        self.most = self.most.max(length);
    }

    fn quantile(&self, share: f64) -> u64 {
        let rank = (share * self.count.saturating_sub(1) as f64) as u64;
        let mut below = 0;
        for (bucket, count) in self.buckets.iter().enumerate() {
            below += count;
            if below > rank {
                return lowest(bucket).max(self.least.unwrap_or(0));
            }
        }
        self.most
    }

    fn quantiles(&self) -> Quantiles {
        Quantiles {
            count: self.count,
            least: self.least.unwrap_or(0),
            p5: self.quantile(0.05),
            median: self.quantile(0.5),
            p95: self.quantile(0.95),
            most: self.most,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn buckets_hold_what_they_say(length in 0u64..1 << 40) {
            let low = lowest(bucket(length));
            prop_assert!(low <= length && length - low <= length / 32);
            prop_assert_eq!(bucket(low), bucket(length));
        }

        #[test]
        fn quantiles_are_close(mut lengths in prop::collection::vec(0u64..100_000, 1..300)) {
            let mut histogram = Histogram::default();
            lengths.iter().for_each(|l| histogram.add(*l));
            lengths.sort_unstable();
            let q = histogram.quantiles();
            prop_assert_eq!((q.least, q.most), (lengths[0], lengths[lengths.len() - 1]));
            let median = lengths[(lengths.len() - 1) / 2];
            prop_assert!(q.median <= median && median - q.median <= median / 32, "{} {}", q.median, median);
        }
    }
}
