//! Numbers with their standard errors.

/// A number and how far it may be off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// The number.
    pub value: f64,
    /// The standard error, in the same unit.
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
    pub fn record(&mut self, sum: f64, size: usize) {
        self.merge(&Self { clusters: 1.0, sum, size: size as f64, ..Self::default() });
    }

    /// Adds the sums of another part of the batch.
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
mod tests;
