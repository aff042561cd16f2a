//! Mean and variance of a stream of batches.

use crate::advantage::Variance;
use crate::advantage::whitening::{mean, variance};
use crate::{Error, Real};

/// Mean and variance of everything seen so far (Chan et al., "Updating formulae and a pairwise
/// algorithm for computing sample variances", 1979; TRL 0.11's `RunningMoments`).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize))]
pub struct RunningMoments {
    count: f64,
    mean: f64,
    squares: f64,
}

impl RunningMoments {
    /// Takes in a batch and returns its own moments.
    ///
    /// # Errors
    /// [`Error::TooFew`] for an empty batch; [`Error::NotFinite`]. Nothing is taken in then.
    pub fn update<R: Real>(&mut self, batch: &[R]) -> Result<Self, Error> {
        let n = batch.len() as f64;
        let mean = mean("batch", batch)?;
        let part = Self { count: n, mean, squares: n * variance("batch", batch, Variance::Population)? };
        self.merge(&part);
        Ok(part)
    }

    /// Takes in what another stream has seen.
    pub fn merge(&mut self, other: &Self) {
        let total = self.count + other.count;
        if total > 0.0 {
            let apart = other.mean - self.mean;
            self.squares += other.squares + apart * apart * self.count * other.count / total;
            self.mean += apart * other.count / total;
            self.count = total;
        }
    }

    /// Returns the number of numbers seen.
    pub fn count(&self) -> f64 {
        self.count
    }

    /// Their mean; 0 before the first.
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// Their variance.
    ///
    /// # Errors
    /// [`Error::TooFew`] before the first number, or before the second for [`Variance::Bessel`]
    /// (NaN in PyTorch).
    pub fn variance(&self, kind: Variance) -> Result<f64, Error> {
        let (need, divisor) = match kind {
            Variance::Population => (1, self.count),
            Variance::Bessel => (2, self.count - 1.0),
        };
        if self.count < need as f64 {
            return Err(Error::TooFew { name: "moments", need, got: self.count as usize });
        }
        Ok(self.squares / divisor)
    }

    /// The root of [`Self::variance`].
    ///
    /// # Errors
    /// Boxed form of [`Self::variance`].
    pub fn deviation(&self, kind: Variance) -> Result<f64, Error> {
        self.variance(kind).map(libm::sqrt)
    }
}

#[cfg(test)]
mod tests;
