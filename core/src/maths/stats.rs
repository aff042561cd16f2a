//! Mean, variance and whitening under a mask.
//!
//! Sums run in rising order in f64; the variance takes two passes.

use crate::error::check;
use crate::ranges::positive;
use crate::{Error, Real};

/// What the sum of squared deviations of n numbers is divided by.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Variance {
    /// n.
    Population,
    /// n − 1.
    Bessel,
}

/// What whitening does with the mean.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum MeanShift {
    /// The result has mean 0 (`shift_mean=True`): advantages.
    ToZero,
    /// The result keeps the mean (`shift_mean=False`): rewards.
    Keep,
}

/// What keeps whitening from dividing by 0.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Guard {
    /// Added to the variance.
    Add(#[cfg_attr(feature = "schema", schemars(range(min = 0)))] f64),
    /// The smallest variance divided by.
    AtLeast(#[cfg_attr(feature = "schema", schemars(range(min = 0)))] f64),
}

/// How numbers are whitened.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize))]
pub struct Whitening {
    /// What happens to the mean.
    pub mean: MeanShift,
    /// Which variance.
    pub variance: Variance,
    /// What keeps the variance from 0.
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
mod tests {
    use super::*;
    use crate::maths::oracle::close;
    use proptest::prelude::*;
    use std::vec::Vec;

    proptest! {
        #[test]
        fn whitened_numbers_have_the_moments_asked_for(
            x in prop::collection::vec((-9.0..9.0, any::<bool>()), 3..40),
        ) {
            let values: Vec<f64> = x.iter().map(|p| p.0).collect();
            let mask: Vec<bool> = x.iter().map(|p| p.1).collect();
            prop_assume!(mask.iter().filter(|m| **m).count() > 1);
            for kind in [Variance::Population, Variance::Bessel] {
                let n = mask.iter().filter(|m| **m).count() as f64;
                let kept: Vec<f64> = selected(&values, &mask).collect();
                let mu = kept.iter().sum::<f64>() / n;
                let squares = kept.iter().map(|v| v * v).sum::<f64>() - n * mu * mu;
                let divisor = if kind == Variance::Bessel { n - 1.0 } else { n };
                close(masked_mean(&values, &mask).unwrap(), mu, 1e-12);
                close(masked_variance(&values, &mask, kind).unwrap(), squares / divisor, 1e-11);
                let mut white = values.clone();
                whiten(&mut white, &mask, &Whitening::to_zero(kind)).unwrap();
                close(masked_mean(&white, &mask).unwrap(), 0.0, 1e-9);
                let spread = masked_variance(&white, &mask, kind).unwrap();
                close(spread, squares / (squares + 1e-8 * divisor), 1e-9);
                let mut kept = values.clone();
                whiten(&mut kept, &mask, &Whitening::keeping_mean(kind)).unwrap();
                close(masked_mean(&kept, &mask).unwrap(), mu, 1e-9);
            }
        }

        #[test]
        fn padding_cannot_move_anything(x in prop::collection::vec(-9.0..9.0, 2..9), junk in -1e9..1e9) {
            let mut padded = x.clone();
            padded.push(junk);
            let mut mask: Vec<bool> = x.iter().map(|_| true).collect();
            let alone = masked_variance(&x, &mask, Variance::Bessel).unwrap();
            let mut white = x.clone();
            whiten(&mut white, &mask, &Whitening::to_zero(Variance::Bessel)).unwrap();
            mask.push(false);
            prop_assert_eq!(masked_variance(&padded, &mask, Variance::Bessel).unwrap(), alone);
            whiten(&mut padded, &mask, &Whitening::to_zero(Variance::Bessel)).unwrap();
            prop_assert_eq!(&padded[..x.len()], &white[..]);
        }
    }

    #[test]
    fn what_does_not_exist_is_an_error() {
        let one = [true, false];
        let v = [3.0, 4.0];
        assert_eq!(masked_variance(&v, &one, Variance::Population), Ok(0.0));
        assert_eq!(masked_variance(&v, &one, Variance::Bessel), Err(too_few(2, 1)));
        assert_eq!(masked_mean(&v, &[false; 2]), Err(too_few(1, 0)));
        let mut w = v;
        assert_eq!(whiten(&mut w, &one, &Whitening::to_zero(Variance::Bessel)), Err(too_few(2, 1)));
        assert_eq!(w, v, "an error leaves its input alone");
        assert_eq!(
            variance("scores", &[1.0], Variance::Bessel).unwrap_err(),
            Error::TooFew { name: "scores", need: 2, got: 1 }
        );
    }

    #[test]
    fn a_floor_replaces_only_a_smaller_variance() {
        let setting = Whitening { guard: Guard::AtLeast(1e-8), ..Whitening::to_zero(Variance::Population) };
        let mut v = [1.0, 3.0];
        whiten(&mut v, &[true; 2], &setting).unwrap();
        assert_eq!(v, [-1.0, 1.0]);
        let mut same = [2.0, 2.0];
        whiten(&mut same, &[true; 2], &setting).unwrap();
        assert_eq!(same, [0.0, 0.0]);
    }
}
