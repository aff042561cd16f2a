//! Models that another run made.

use super::base::Base;
use super::{Manner, RunError, Stage};
use crate::formats::{open, scale, weights_sha256};
use crate::train::Scaled;
use rlhf_core::model::Architecture;
use rlhf_cpu::Model;
use std::path::{Path, PathBuf};

/// What is taken over instead of being trained.
#[derive(Default)]
pub(super) struct Given {
    pub sft: Option<Model>,
    pub reward: Option<Scaled<Model>>,
}

impl Given {
    /// What comes before the last stage: from a run's folder, or the model that it starts from alone.
    ///
    /// # Errors
    /// [`RunError`] names the file, or says that there is nothing of use.
    pub fn read(manner: &Manner<'_>, base: &Base) -> Result<Self, RunError> {
        let Some(from) = manner.from else { return Ok(Self::default()) };
        let part = |name: &str| Some(from.join(name)).filter(|path| path.is_dir());
        let alone = || Some(from.to_path_buf()).filter(|path| path.join("config.json").is_file());
        let sft: Option<PathBuf> = match manner.until {
            Stage::Pretrain | Stage::Supervised => None,
            Stage::Reward | Stage::Ppo => part("sft").or_else(alone),
        };
        let reward = (manner.until == Stage::Ppo).then(|| part("reward")).flatten();
        if sft.is_none() && reward.is_none() {
            let reason = format!("{}: there is neither a model nor a run with one", from.display());
            return Err(RunError::setting("--from", reason));
        }
        let sft = sft.map(|path| model(&path, base, false)).transpose()?;
        let reward = reward
            .map(|path| Ok::<_, RunError>(Scaled { reward: model(&path, base, true)?, scale: scale(&path)? }))
            .transpose()?;
        Ok(Self { sft, reward })
    }

    /// Which weights these are.
    pub fn sum(&self) -> Vec<String> {
        let models = self.sft.iter().chain(self.reward.as_ref().map(|reward| &reward.reward));
        models.map(|model| weights_sha256(model.weights())).collect()
    }
}

/// A model of the base's shape, with or without a scalar head.
fn model(path: &Path, base: &Base, scalar: bool) -> Result<Model, RunError> {
    let opened = open(path)?;
    let of_base = base.model.architecture();
    let want = if scalar { of_base.with_scalar() } else { of_base.clone() };
    if opened.architecture != want {
        let reason = format!("{}: a network of another shape than the base", path.display());
        return Err(RunError::setting("--from", reason));
    }
    let architecture: Architecture = opened.architecture.clone();
    let (weights, _) = opened.weights(&architecture)?;
    Model::from_weights(base.model.cpu(), architecture, weights)
        .map_err(|e| RunError::setting("--from", format!("{}: {e}", path.display())))
}
