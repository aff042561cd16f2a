//! The parts of a run that can be done one at a time.

use serde::Serialize;

/// A part of a run. Each starts from what those before it left in the run's folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Pretraining of a new base: leaves the folder `base`.
    Pretrain,
    /// Step 1: leaves `sft`.
    Supervised,
    /// Step 2: leaves `reward`.
    Reward,
    /// Step 3, and what is measured at the end: leaves `policy` and `summary.json`.
    Ppo,
}

impl Stage {
    /// The folder that it leaves in the run's.
    pub fn folder(self) -> &'static str {
        match self {
            Self::Pretrain => "base",
            Self::Supervised => "sft",
            Self::Reward => "reward",
            Self::Ppo => "policy",
        }
    }
}
