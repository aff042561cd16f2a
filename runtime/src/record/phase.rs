//! Where a run is.

use serde::{Deserialize, Serialize};

/// What a run is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Pretraining the base.
    Pretrain,
    /// Step 1.
    Supervised,
    /// Step 2: labels and the reward model.
    Reward,
    /// Step 3.
    Ppo,
    /// Measuring.
    Evaluate,
}

impl Phase {
    /// All of them, in the order of a run.
    pub const ALL: [Self; 5] = [Self::Pretrain, Self::Supervised, Self::Reward, Self::Ppo, Self::Evaluate];

    /// Its name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pretrain => "pretrain",
            Self::Supervised => "supervised",
            Self::Reward => "reward",
            Self::Ppo => "ppo",
            Self::Evaluate => "evaluate",
        }
    }
}

/// What a run tells while it works: the phase, how far it is of how much, and a figure.
pub type Progress<'a> = dyn FnMut(Phase, u64, u64, &str) + 'a;
