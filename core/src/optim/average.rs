//! Moving average of weights.

use crate::error::check;
use crate::ranges::within;
use crate::{Error, Real};

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

#[cfg(test)]
mod tests;
