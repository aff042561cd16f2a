//! Numbers with their standard errors.

/// A number and how far it may be off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// The number.
    pub value: f64,
    /// Its standard error, in the same unit.
    pub error: f64,
}

impl Measured {
    /// `value ± z·error`: z is 1.96 for 95 %.
    pub fn interval(&self, z: f64) -> (f64, f64) {
        (self.value - z * self.error, self.value + z * self.error)
    }
}

/// The mean of numbers that come in clusters, of which only the clusters are independent: tokens of
/// responses. Parts of a batch merge (the pairwise update of Chan et al., 1979, for two variables).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ClusterMean {
    clusters: f64,
    /// Means over clusters of the sum and of the size.
    sum: f64,
    size: f64,
    /// Σ of squared deviations and of their products.
    sum_sum: f64,
    sum_size: f64,
    size_size: f64,
}

impl ClusterMean {
    /// Takes in a cluster of `size` numbers by their sum.
    pub fn see(&mut self, sum: f64, size: usize) {
        self.merge(&Self { clusters: 1.0, sum, size: size as f64, ..Self::default() });
    }

    /// Both parts together.
    pub fn merge(&mut self, other: &Self) {
        let clusters = self.clusters + other.clusters;
        if clusters == 0.0 {
            return;
        }
        let (apart_sum, apart_size) = (other.sum - self.sum, other.size - self.size);
        let both = self.clusters * other.clusters / clusters;
        self.sum_sum += other.sum_sum + apart_sum * apart_sum * both;
        self.sum_size += other.sum_size + apart_sum * apart_size * both;
        self.size_size += other.size_size + apart_size * apart_size * both;
        self.sum += apart_sum * other.clusters / clusters;
        self.size += apart_size * other.clusters / clusters;
        self.clusters = clusters;
    }

    /// Clusters seen.
    pub fn clusters(&self) -> usize {
        self.clusters as usize
    }

    /// The mean of the clusters' sums, `None` before the first. The error, √(s²/n) with Bessel's s², is
    /// infinite before the second.
    pub fn per_cluster(&self) -> Option<Measured> {
        (self.clusters > 0.0).then(|| Measured { value: self.sum, error: self.error(self.sum_sum) })
    }

    /// The mean of the numbers themselves, Σ sums / Σ sizes, with the error of a ratio (linearised:
    /// that of the clusters' `sum − value·size`). `None` without a number.
    pub fn per_element(&self) -> Option<Measured> {
        (self.size > 0.0).then(|| {
            let value = self.sum / self.size;
            let squares = self.sum_sum - 2.0 * value * self.sum_size + value * value * self.size_size;
            Measured { value, error: self.error(squares.max(0.0)) / self.size }
        })
    }

    fn error(&self, squares: f64) -> f64 {
        let free = self.clusters - 1.0;
        if free > 0.0 { libm::sqrt(squares / free / self.clusters) } else { f64::INFINITY }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maths::oracle::close;
    use crate::random::{Key, Stream};
    use proptest::prelude::*;

    fn of(clusters: &[(f64, usize)]) -> ClusterMean {
        let mut all = ClusterMean::default();
        clusters.iter().for_each(|&(sum, size)| all.see(sum, size));
        all
    }

    proptest! {
        #[test]
        fn equals_the_definition_and_its_parts_merge(
            x in prop::collection::vec((-9.0..9.0, 1usize..9), 2..20), at in 0usize..20,
        ) {
            let n = x.len() as f64;
            let (mean, all) = (x.iter().map(|c| c.0).sum::<f64>() / n, of(&x));
            let spread: f64 = x.iter().map(|c| (c.0 - mean).powi(2)).sum::<f64>() / (n - 1.0);
            let cluster = all.per_cluster().unwrap();
            close(cluster.value, mean, 1e-13);
            close(cluster.error, (spread / n).sqrt(), 1e-12);
            let size = x.iter().map(|c| c.1 as f64).sum::<f64>() / n;
            let residual = |c: &(f64, usize)| c.0 - mean / size * c.1 as f64;
            let spread: f64 = x.iter().map(|c| residual(c).powi(2)).sum::<f64>() / (n - 1.0);
            let element = all.per_element().unwrap();
            close(element.value, mean / size, 1e-13);
            close(element.error, (spread / n).sqrt() / size, 1e-7);
            let at = at.min(x.len());
            let mut parts = of(&x[..at]);
            parts.merge(&of(&x[at..]));
            close(parts.per_cluster().unwrap().error, cluster.error, 1e-12);
            close(parts.per_element().unwrap().error, element.error, 1e-7);
            prop_assert_eq!(parts.clusters(), x.len());
        }
    }

    /// Numbers of one cluster share a part, so counting them as independent would be far too sure.
    #[test]
    fn intervals_cover_at_their_nominal_rate() {
        let covered = (0..1000).filter(|&trial| {
            let mut all = ClusterMean::default();
            for cluster in 0..100 {
                let mut draws = Key::new(5, Stream::Data, trial).draws(cluster);
                let (size, shared) = (1 + draws.below(9), draws.normal());
                all.see((0..size).map(|_| 0.5 + shared + 0.3 * draws.normal()).sum(), size);
            }
            let (low, high) = all.per_element().unwrap().interval(1.96);
            low < 0.5 && 0.5 < high
        });
        let covered = covered.count();
        assert!((925..=970).contains(&covered), "{covered} of 1000");
    }

    #[test]
    fn one_cluster_says_nothing_about_its_error() {
        assert_eq!(ClusterMean::default().per_cluster(), None);
        assert_eq!(ClusterMean::default().per_element(), None);
        assert_eq!(of(&[(3.0, 2)]).per_element(), Some(Measured { value: 1.5, error: f64::INFINITY }));
    }
}
