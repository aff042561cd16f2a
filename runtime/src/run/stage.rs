//! The parts of a run that can be done one at a time.

use serde::Serialize;
use std::path::Path;

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
    /// Step 3, whatever its method, and the measurements at the end: leaves `policy` and `summary.json`.
    Align,
}

impl Stage {
    /// All stages, in their order.
    pub const ALL: [Self; 4] = [Self::Pretrain, Self::Supervised, Self::Reward, Self::Align];

    /// The stages that are left to do up to this one, which is always among them. `out`: the folder of the run that
    /// is continued; `from`: that of another run, or of a model to start from.
    pub fn remaining(self, out: Option<&Path>, from: Option<&Path>) -> Vec<Self> {
        let has =
            |folder: Option<&Path>, stage: Self| folder.is_some_and(|f| f.join(stage.folder()).is_dir());
        let model = from.is_some_and(|folder| folder.join("config.json").is_file());
        let finished = |stage| {
            let taken_over = match stage {
                Self::Supervised => has(from, stage) || model,
                Self::Reward => has(from, stage),
                Self::Pretrain | Self::Align => false,
            };
            taken_over || has(out, stage)
        };
        Self::ALL.into_iter().filter(|stage| *stage == self || (*stage < self && !finished(*stage))).collect()
    }

    /// The folder that it leaves in the run's.
    pub fn folder(self) -> &'static str {
        match self {
            Self::Pretrain => "base",
            Self::Supervised => "sft",
            Self::Reward => "reward",
            Self::Align => "policy",
        }
    }

    /// The command that does it.
    pub fn command(self) -> &'static str {
        match self {
            Self::Pretrain => "pretrain",
            Self::Supervised => "sft",
            Self::Reward => "reward",
            Self::Align => "align",
        }
    }

    /// The one whose network it starts from, if a run has one before it. `new`: the base is new.
    pub fn before(self, new: bool) -> Option<Self> {
        match self {
            Self::Pretrain => None,
            Self::Supervised => new.then_some(Self::Pretrain),
            Self::Reward => Some(Self::Supervised),
            Self::Align => Some(Self::Reward),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_finished_or_taken_over_does_not_remain() {
        use Stage::{Align, Pretrain, Reward, Supervised};
        let (out, from) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (out, from) = (Some(out.path()), Some(from.path()));
        assert_eq!(Align.remaining(None, None), Stage::ALL);
        assert_eq!(Align.remaining(out, None), Stage::ALL);
        let add =
            |folder: Option<&Path>, name: &str| std::fs::create_dir(folder.unwrap().join(name)).unwrap();
        add(out, "base");
        assert_eq!(Supervised.remaining(out, None), [Supervised]);
        add(out, "sft");
        assert_eq!(Supervised.remaining(out, None), [Supervised], "itself is always looked at");
        assert_eq!(Align.remaining(out, None), [Reward, Align]);
        add(from, "reward");
        assert_eq!(Align.remaining(out, from), [Align]);
        assert_eq!(Align.remaining(None, from), [Pretrain, Supervised, Align]);
        std::fs::write(from.unwrap().join("config.json"), "").unwrap();
        assert_eq!(Align.remaining(None, from), [Pretrain, Align]);
    }
}
