//! Errors of training.

use super::guard::{Fault, Offender, Place};
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;
use rlhf_core::Error;

/// An error that ended a training step.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// Data or settings that the maths refuses.
    #[error("{0}")]
    Core(#[from] Error),
    /// A role's own error.
    #[error("{role}: {error}")]
    Role {
        /// The role: "policy", "critic", "reference", "reward" or "learner".
        role: &'static str,
        /// Its error.
        #[source]
        error: Box<dyn core::error::Error>,
    },
    /// A guard stopped the run, and says what it found.
    #[error("{0}")]
    Guard(Box<Fault>),
    /// A role that a trainer needs is not played.
    #[error("there is no {role}, which this trainer needs")]
    Missing {
        /// The role.
        role: &'static str,
    },
    /// There is nothing to learn from.
    #[error("there are no {what} to learn from")]
    Nothing {
        /// The missing data.
        what: &'static str,
    },
    /// A backend had to wait where none was to be waited for.
    #[error("the backend has to wait for its device: await the trainer instead")]
    Waited,
}

/// The message, as it is displayed: a program whose `main` returns the error ends with what went wrong and what to do.
impl fmt::Debug for TrainError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TrainError {
    /// Names the role whose error it was.
    pub fn role<E: core::error::Error + 'static>(role: &'static str) -> impl Fn(E) -> Self {
        move |error| Self::Role { role, error: Box::new(error) }
    }

    /// Returns whether a number was not finite, whoever found it: in training, a rate that is too high.
    pub fn is_not_finite(&self) -> bool {
        let mut error: Option<&(dyn core::error::Error + 'static)> = match self {
            Self::Core(error) => Some(error),
            Self::Role { error, .. } => Some(&**error),
            _ => None,
        };
        while let Some(inner) = error {
            if matches!(inner.downcast_ref(), Some(Error::NotFinite { .. })) {
                return true;
            }
            error = inner.source();
        }
        false
    }

    /// Turns an error about a number that is not finite into a guard's fault at that place, with those samples.
    pub fn guarded(self, place: Place, offenders: impl FnOnce() -> Vec<Offender>) -> Self {
        if self.is_not_finite() { Self::Guard(Fault::found(place, &self, offenders())) } else { self }
    }
}

impl From<Box<Fault>> for TrainError {
    fn from(fault: Box<Fault>) -> Self {
        Self::Guard(fault)
    }
}

/// Runs a trainer on a backend that never waits, such as the CPU engine.
///
/// # Errors
/// The trainer's own, or [`TrainError::Waited`].
pub fn now<T>(future: impl Future<Output = Result<T, TrainError>>) -> Result<T, TrainError> {
    rlhf_core::ready(future).unwrap_or(Err(TrainError::Waited))
}
