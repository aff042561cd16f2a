//! A figure of two policies.

use serde::{Deserialize, Serialize};

/// A figure before PPO and after it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BeforeAfter {
    /// The supervised policy's.
    pub sft: f64,
    /// The value of PPO's policy.
    pub ppo: f64,
}
