//! The measurements of a check.

use alloc::format;
use alloc::string::{String, ToString};
use core::fmt;

/// A failure of a check that is not an error size: the check could not be carried out, or found something else wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault(pub String);

impl<E: core::error::Error> From<E> for Fault {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The worst error of a check, and its tolerance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// The worst error.
    pub error: f64,
    /// The largest error that passes.
    pub tolerance: f64,
}

/// The result of a check.
pub(super) type Checked = Result<Measured, Fault>;

impl Measured {
    /// Starts a measurement with this tolerance and no error so far.
    pub(super) fn within(tolerance: f64) -> Self {
        Self { error: 0.0, tolerance }
    }

    /// Returns whether the worst error is within the tolerance.
    pub fn holds(&self) -> bool {
        self.error <= self.tolerance
    }

    /// Adds an error; NaN counts as infinite.
    pub(super) fn error(&mut self, error: f64) {
        self.error = self.error.max(if error.is_nan() { f64::INFINITY } else { error });
    }

    /// Adds the difference of two numbers that should be equal, relative to the expected one if that is above 1.
    pub(super) fn pair(&mut self, got: f64, want: f64) {
        self.error((got - want).abs() / want.abs().max(1.0));
    }

    /// Adds the differences of numbers that should be equal, one by one.
    pub(super) fn all(&mut self, got: &[f32], want: &[f32]) -> Result<(), Fault> {
        same_len(got.len(), want.len())?;
        for (&got, &want) in got.iter().zip(want) {
            self.pair(got.into(), want.into());
        }
        Ok(())
    }
}

/// Returns a fault unless `holds`.
pub(super) fn ensure(holds: bool, what: &str) -> Result<(), Fault> {
    if holds { Ok(()) } else { Err(Fault(what.into())) }
}

fn same_len(got: usize, want: usize) -> Result<(), Fault> {
    if got == want { Ok(()) } else { Err(Fault(format!("{got} numbers instead of {want}"))) }
}

/// Returns a fault unless some number changed by more than rounding explains.
pub(super) fn moved(before: &[f32], after: &[f32], what: &str) -> Result<(), Fault> {
    same_len(after.len(), before.len())?;
    ensure(before.iter().zip(after).any(|(a, b)| (a - b).abs() > 1e-6), what)
}
