//! Linear systems whose matrix is known only by its products.

use crate::Error;
use crate::error::check;
use crate::ranges::{finite, positive, within};
use alloc::vec;
use alloc::vec::Vec;

/// Solves `(A + d·I)·x = b` for a symmetric A that is positive semi-definite, by conjugate gradients
/// (Hestenes and Stiefel, 1952), starting from `x = 0`. In exact arithmetic n steps solve n equations.
///
/// It never calls for a product, so that who has to wait for a device can: as long as the residual is too
/// long, give [`Self::advance`] the product of A with [`Self::direction`].
///
/// ```
/// use rlhf_core::optim::ConjugateGradient;
/// let mut solve = ConjugateGradient::new(&[2.0, 12.0], 0.0)?;
/// while solve.residual() > 1e-9 {
///     let [x, y] = [solve.direction()[0], solve.direction()[1]];
///     solve.advance(&[2.0 * x, 3.0 * y])?;
/// }
/// assert!((solve.solution()[1] - 4.0).abs() < 1e-9);
/// # Ok::<(), rlhf_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ConjugateGradient {
    damping: f64,
    solution: Vec<f64>,
    residual: Vec<f64>,
    direction: Vec<f64>,
}

impl ConjugateGradient {
    /// `b`: `[n]`; `damping`: d.
    ///
    /// # Errors
    /// [`Error::NotFinite`] for b; [`Error::Range`] for a damping that is negative or infinite.
    pub fn new(b: &[f64], damping: f64) -> Result<Self, Error> {
        finite("b", b)?;
        within("damping", damping, 0.0, f64::MAX)?;
        Ok(Self { damping, solution: vec![0.0; b.len()], residual: b.to_vec(), direction: b.to_vec() })
    }

    /// The vector whose product with A is wanted next, `[n]`.
    pub fn direction(&self) -> &[f64] {
        &self.direction
    }

    /// x so far, `[n]`.
    pub fn solution(&self) -> &[f64] {
        &self.solution
    }

    /// The length of `b − (A + d·I)·x`.
    pub fn residual(&self) -> f64 {
        libm::sqrt(dot(&self.residual, &self.residual))
    }

    /// Takes in `product`, A times the direction, `[n]`. Where the residual is 0 nothing is left to do.
    ///
    /// # Errors
    /// [`Error::Shape`]; [`Error::NotFinite`]; [`Error::Range`] where the curvature along the direction is
    /// not positive, as A is then not positive definite. x then stays.
    pub fn advance(&mut self, product: &[f64]) -> Result<(), Error> {
        check("product", product.len(), self.direction.len())?;
        finite("product", product)?;
        let before = dot(&self.residual, &self.residual);
        if before == 0.0 {
            return Ok(());
        }
        let curvature = dot(&self.direction, product) + self.damping * dot(&self.direction, &self.direction);
        positive("curvature", curvature)?;
        let step = before / curvature;
        for (i, product) in product.iter().enumerate() {
            let damped = product + self.damping * self.direction[i];
            self.solution[i] += step * self.direction[i];
            self.residual[i] -= step * damped;
        }
        let keep = dot(&self.residual, &self.residual) / before;
        for (direction, residual) in self.direction.iter_mut().zip(&self.residual) {
            *direction = residual + keep * *direction;
        }
        Ok(())
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests;
