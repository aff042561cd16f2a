//! Moving average of weights.

use crate::error::check;
use crate::ranges::within;
use crate::{Error, Real};
#[cfg(feature = "alloc")]
use alloc::vec::Vec;

/// `average ← d·average + (1 − d)·weights` (InstructGPT, arXiv:2203.02155, C.4: d = 0.992 per
/// iteration). Both `[parameters]`.
///
/// # Errors
/// [`Error::Shape`]; [`Error::Range`] unless 0 ≤ d ≤ 1.
pub fn average<R: Real>(average: &mut [R], weights: &[R], decay: f64) -> Result<(), Error> {
    check("weights", weights.len(), average.len())?;
    within("decay", decay, 0.0, 1.0)?;
    let step = R::of(1.0 - decay);
    for (a, &w) in average.iter_mut().zip(weights) {
        *a += step * (w - *a);
    }
    Ok(())
}

/// The moving average of weights that are one array, as [`Averaged`](crate::roles::Averaged) promises it.
#[cfg(feature = "alloc")]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MovingAverage<R>(Option<Vec<R>>);

#[cfg(feature = "alloc")]
impl<R: Real> MovingAverage<R> {
    /// Creates an average of nothing so far.
    pub const fn new() -> Self {
        Self(None)
    }

    /// Updates the average by [`average`]. The first call sets it to the weights.
    ///
    /// # Errors
    /// Those of [`average`].
    pub fn update(&mut self, weights: &[R], decay: f64) -> Result<(), Error> {
        within("decay", decay, 0.0, 1.0)?;
        average(self.0.get_or_insert_with(|| weights.to_vec()), weights, decay)
    }

    /// Swaps the weights with their average; call again to swap back.
    ///
    /// # Errors
    /// [`Error::TooFew`] if no average has been kept; [`Error::Shape`].
    pub fn swap(&mut self, weights: &mut [R]) -> Result<(), Error> {
        let average = self.0.as_mut().ok_or(Error::TooFew { name: "average", need: 1, got: 0 })?;
        check("weights", weights.len(), average.len())?;
        average.swap_with_slice(weights);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
