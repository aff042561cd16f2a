//! Rows of several sources, by weight.

use rlhf_core::Error;
use rlhf_core::random::{Key, Stream};

/// Draws rows of several sources in proportion to their weights: after any n rows, each source has given
/// its share of n to within one row. Each source keeps its own order; one that ends is left out from
/// then on, and the others share what is left by their weights.
///
/// Each draw takes the source, among those that are not ahead of their share, whose next row is due
/// first. Which of several that are due together comes first depends on the seed.
pub struct Mixed<I> {
    sources: Vec<WeightedSource<I>>,
    /// Rows since a source ended last.
    drawn: u64,
}

struct WeightedSource<I> {
    rows: I,
    weight: f64,
    /// Rows since a source ended last.
    taken: u64,
}

impl<I: Iterator> Mixed<I> {
    /// Mixes these sources, each with its weight.
    ///
    /// # Errors
    /// [`Error::Range`] when a weight is not above 0, or not finite.
    pub fn new(seed: u64, sources: Vec<(f64, I)>) -> Result<Self, Error> {
        if let Some((weight, _)) = sources.iter().find(|(w, _)| !(*w > 0.0 && w.is_finite())) {
            return Err(Error::Range {
                name: "weight",
                value: *weight,
                low: f64::MIN_POSITIVE,
                high: f64::MAX,
            });
        }
        let mut sources: Vec<_> =
            sources.into_iter().map(|(weight, rows)| WeightedSource { rows, weight, taken: 0 }).collect();
        Key::new(seed, Stream::Data, u32::MAX).shuffle(&mut sources);
        Ok(Self { sources, drawn: 0 })
    }
}

impl<I: Iterator> Iterator for Mixed<I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<I::Item> {
        loop {
            let total: f64 = self.sources.iter().map(|s| s.weight).sum();
            let n = (self.drawn + 1) as f64;
            let due = |s: &WeightedSource<I>| (s.taken + 1) as f64 * total / s.weight;
            let open = |s: &WeightedSource<I>| (s.taken as f64) < n * s.weight / total;
            let next = (0..self.sources.len())
                .filter(|i| self.sources.get(*i).is_some_and(open))
                .min_by(|a, b| due(&self.sources[*a]).ceil().total_cmp(&due(&self.sources[*b]).ceil()))?;
            match self.sources[next].rows.next() {
                Some(row) => {
                    self.sources[next].taken += 1;
                    self.drawn += 1;
                    return Some(row);
                }
                None => {
                    self.sources.remove(next);
                    self.drawn = 0;
                    self.sources.iter_mut().for_each(|source| source.taken = 0);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_prefix_has_its_shares(
            weights in prop::collection::vec(0.01f64..10.0, 1..7),
            seed: u64,
        ) {
            let total: f64 = weights.iter().sum();
            let sources = weights.iter().enumerate().map(|(i, w)| (*w, (0..).map(move |row| (i, row)))).collect();
            let mut taken = vec![0u64; weights.len()];
            for (n, (source, row)) in Mixed::new(seed, sources).unwrap().take(500).enumerate() {
                prop_assert_eq!(row, taken[source]);
                taken[source] += 1;
                for (taken, weight) in taken.iter().zip(&weights) {
                    let share = (n + 1) as f64 * weight / total;
                    prop_assert!((*taken as f64 - share).abs() < 1.0 + 1e-6, "{taken} of {share}");
                }
            }
        }

        #[test]
        fn nothing_is_lost_when_sources_end(lengths in prop::collection::vec(0usize..40, 1..5), seed: u64) {
            let sources = lengths.iter().enumerate().map(|(i, n)| (1.0 + i as f64, 0..*n)).collect();
            prop_assert_eq!(Mixed::new(seed, sources).unwrap().count(), lengths.iter().sum::<usize>());
        }
    }

    #[test]
    fn weights_have_to_be_above_0() {
        for weight in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(Mixed::new(0, vec![(weight, 0..1)]).is_err());
        }
    }
}
