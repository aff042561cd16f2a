//! Mean, variance and whitening under a mask.
//!
//! Sums run in rising order in f64; the variance takes two passes.

use crate::error::check;
use crate::ranges::positive;
use crate::{Error, Real};

/// The divisor of the sum of squared deviations of n numbers.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Variance {
    /// n.
    Population,
    /// n − 1.
    Bessel,
}

/// The treatment of the mean by whitening.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum MeanShift {
    /// The result has mean 0 (`shift_mean=True`): advantages.
    ToZero,
    /// The result keeps the mean (`shift_mean=False`): rewards.
    Keep,
}

/// A guard that keeps whitening from dividing by 0.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Guard {
    /// Added to the variance.
    Add(#[cfg_attr(feature = "schema", schemars(range(min = 0)))] f64),
    /// The smallest variance divided by.
    AtLeast(#[cfg_attr(feature = "schema", schemars(range(min = 0)))] f64),
}

/// Settings of whitening.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize))]
pub struct Whitening {
    /// The treatment of the mean.
    pub mean: MeanShift,
    /// The divisor of the variance.
    pub variance: Variance,
    /// The guard that keeps the variance from 0.
    pub guard: Guard,
}

impl Whitening {
    /// Checks the guard: a variance below 0 has no root.
    ///
    /// # Errors
    /// [`Error::Range`].
    pub fn validate(&self) -> Result<(), Error> {
        let (Guard::Add(guard) | Guard::AtLeast(guard)) = self.guard;
        crate::ranges::within("whitening guard", guard, 0.0, f64::MAX)
    }

    /// Advantages: mean 0, with 1e-8 added to the variance.
    pub const fn to_zero(variance: Variance) -> Self {
        Self { mean: MeanShift::ToZero, variance, guard: Guard::Add(1e-8) }
    }

    /// Rewards: the mean stays, with 1e-8 added to the variance.
    pub const fn keeping_mean(variance: Variance) -> Self {
        Self { mean: MeanShift::Keep, variance, guard: Guard::Add(1e-8) }
    }
}

fn too_few(need: usize, got: usize) -> Error {
    Error::TooFew { name: "mask", need, got }
}

fn selected<'a, R: Real>(values: &'a [R], mask: &'a [bool]) -> impl Iterator<Item = f64> + Clone + 'a {
    values.iter().zip(mask).filter(|(_, m)| **m).map(|(v, _)| v.f64())
}

fn count_and_mean(values: impl Iterator<Item = f64>) -> (usize, f64) {
    let (n, sum) = values.fold((0usize, 0.0), |(n, sum), v| (n + 1, sum + v));
    (n, sum / n as f64)
}

fn spread(values: impl Iterator<Item = f64>, n: usize, mean: f64, variance: Variance) -> Result<f64, Error> {
    let squares: f64 = values.map(|v| (v - mean) * (v - mean)).sum();
    match variance {
        Variance::Population => Ok(squares / n as f64),
        Variance::Bessel if n < 2 => Err(too_few(2, n)),
        Variance::Bessel => Ok(squares / (n - 1) as f64),
    }
}

/// The mean of all numbers, in their unit.
pub(crate) fn mean<R: Real>(name: &'static str, values: &[R]) -> Result<f64, Error> {
    crate::ranges::finite(name, values)?;
    match count_and_mean(values.iter().map(|v| v.f64())) {
        (0, _) => Err(Error::TooFew { name, need: 1, got: 0 }),
        (_, mean) => Ok(mean),
    }
}

/// The variance of all numbers, in their unit squared.
pub(crate) fn variance<R: Real>(name: &'static str, values: &[R], kind: Variance) -> Result<f64, Error> {
    let mean = mean(name, values)?;
    let rename = |_| Error::TooFew { name, need: 2, got: values.len() };
    spread(values.iter().map(|v| v.f64()), values.len(), mean, kind).map_err(rename)
}

/// The mean of `values` where `mask`. Both `[n]`.
///
/// # Errors
/// [`Error::Shape`]; [`Error::TooFew`] under an empty mask (NaN in PyTorch).
pub fn masked_mean<R: Real>(values: &[R], mask: &[bool]) -> Result<f64, Error> {
    check("mask", mask.len(), values.len())?;
    match count_and_mean(selected(values, mask)) {
        (0, _) => Err(too_few(1, 0)),
        (_, mean) => Ok(mean),
    }
}

/// The variance of `values` where `mask`. Both `[n]`.
///
/// # Errors
/// [`Error::Shape`]; [`Error::TooFew`] under an empty mask, or for the Bessel variance of one
/// element (NaN in PyTorch, 0·∞).
pub fn masked_variance<R: Real>(values: &[R], mask: &[bool], variance: Variance) -> Result<f64, Error> {
    let mean = masked_mean(values, mask)?;
    let picked = selected(values, mask);
    spread(picked.clone(), picked.count(), mean, variance)
}

/// `x ← (x − μ)/√(σ² + ε)`, plus μ when the mean is kept, with μ and σ² taken where `mask`.
/// Every element is transformed, masked ones too: who needs those zeroed does it. Both `[n]`.
///
/// # Errors
/// As [`masked_variance`]; [`Error::Range`] when the guarded variance is 0.
pub fn whiten<R: Real>(values: &mut [R], mask: &[bool], whitening: &Whitening) -> Result<(), Error> {
    let mean = masked_mean(values, mask)?;
    let variance = masked_variance(values, mask, whitening.variance)?;
    let guarded = match whitening.guard {
        Guard::Add(epsilon) => variance + epsilon,
        Guard::AtLeast(floor) => variance.max(floor),
    };
    positive("variance", guarded)?;
    let gain = 1.0 / libm::sqrt(guarded);
    let kept = match whitening.mean {
        MeanShift::ToZero => 0.0,
        MeanShift::Keep => mean,
    };
    for v in values {
        *v = R::of((v.f64() - mean) * gain + kept);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
