//! A warning of a run.

use core::mem::discriminant;
use rlhf_train::Warning;
use serde::{Deserialize, Serialize};

/// A warning in numbers and in words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunWarning {
    /// The measurement.
    #[serde(flatten)]
    pub warning: Warning,
    /// The measurement and the advice, with the names of the settings that the run has.
    pub message: String,
}

impl RunWarning {
    /// Returns whether it is of the same kind as another one, with whatever numbers.
    pub fn is_like(&self, other: &Self) -> bool {
        discriminant(&self.warning) == discriminant(&other.warning)
    }
}
