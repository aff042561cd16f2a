//! Models that another run made.

use super::base::Base;
use super::{RunError, RunOptions, Stage};
use crate::engine::{EngineError, Model, Scorer};
use rlhf_core::model::Architecture;
use rlhf_models::{open, weights_sha256};
use std::path::{Path, PathBuf};

/// The models that are taken over instead of being trained.
#[derive(Default)]
pub(super) struct StartingModels {
    pub sft: Option<Model>,
    pub reward: Option<Scorer>,
}

impl StartingModels {
    /// Reads everything before the last stage, from a run's folder, or from the one model that it starts from.
    ///
    /// # Errors
    /// [`RunError`] names the file, or the model that is missing.
    pub fn read(options: &RunOptions<'_>, base: &Base) -> Result<Self, RunError> {
        let Some(from) = options.from else { return Ok(Self::default()) };
        let part = |name: &str| Some(from.join(name)).filter(|path| path.is_dir());
        let alone = || Some(from.to_path_buf()).filter(|path| path.join("config.json").is_file());
        let sft: Option<PathBuf> = match options.until {
            Stage::Pretrain | Stage::Supervised => None,
            Stage::Reward | Stage::Align => part("sft").or_else(alone),
        };
        let reward = (options.until == Stage::Align).then(|| part("reward")).flatten();
        if sft.is_none() && reward.is_none() {
            let reason = format!("{}: there is neither a model nor a run with one", from.display());
            return Err(RunError::setting("--from", reason));
        }
        let sft = sft.map(|path| model(&path, base)).transpose()?;
        let reward = reward.map(|path| scorer(&path, base)).transpose()?;
        Ok(Self { sft, reward })
    }

    /// Returns the checksums of the weights.
    pub fn sum(&self) -> Result<Vec<String>, EngineError> {
        let models = self.sft.iter().chain(self.reward.iter().flat_map(Scorer::models));
        models.map(|model| Ok(weights_sha256(&model.weights()?))).collect()
    }
}

/// Refuses a network of another shape than the base's.
fn fits(path: &Path, architecture: &Architecture, want: &Architecture) -> Result<(), RunError> {
    if architecture == want {
        return Ok(());
    }
    let reason = format!("{}: a network of another shape than the base", path.display());
    Err(RunError::setting("--from", reason))
}

/// Opens reward models of the base's shape.
fn scorer(path: &Path, base: &Base) -> Result<Scorer, RunError> {
    let scorer = Scorer::open(path, &base.model.device())?;
    let want = base.model.architecture().with_scalar();
    scorer.models().try_for_each(|model| fits(path, model.architecture(), &want))?;
    Ok(scorer)
}

/// A model of the base's shape.
fn model(path: &Path, base: &Base) -> Result<Model, RunError> {
    let opened = open(path)?;
    let architecture: Architecture = opened.architecture.clone();
    fits(path, &architecture, base.model.architecture())?;
    let (weights, _) = opened.weights(&architecture)?;
    Model::from_weights(&base.model.device(), architecture, weights)
        .map_err(|e| RunError::setting("--from", format!("{}: {e}", path.display())))
}
