//! A figure of two policies.

use serde::{Deserialize, Serialize};

/// A figure before step 3 and after it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BeforeAfter {
    /// The supervised policy's.
    pub sft: f64,
    /// The final policy's, whatever the method; files keep the name of the first one.
    pub ppo: f64,
}
