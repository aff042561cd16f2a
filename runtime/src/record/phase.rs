//! Phases of a run.

use serde::{Deserialize, Serialize};

/// A phase of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The pretraining of the base.
    Pretrain,
    /// Step 1.
    Supervised,
    /// Step 2: labels and the reward model.
    Reward,
    /// Step 3.
    Ppo,
    /// The measurements at the end.
    Evaluate,
}

impl Phase {
    /// All phases, in the order of a run.
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

/// A report of progress: the phase, the step, the number of steps, and a figure.
pub type Progress<'a> = dyn FnMut(Phase, u64, u64, &str) + 'a;
