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

    /// The command that does it.
    pub fn command(self) -> &'static str {
        match self {
            Self::Pretrain => "pretrain",
            Self::Supervised => "sft",
            Self::Reward => "reward",
            Self::Ppo => "ppo",
        }
    }

    /// The one whose network it starts from, if a run has one before it. `new`: the base is new.
    pub fn before(self, new: bool) -> Option<Self> {
        match self {
            Self::Pretrain => None,
            Self::Supervised => new.then_some(Self::Pretrain),
            Self::Reward => Some(Self::Supervised),
            Self::Ppo => Some(Self::Reward),
        }
    }
}
