//! Networks in the midst of learning, as files.

use super::StageError;
use crate::engine::{FileError, Model, OptimizerState};
use crate::record::{Line, Manifest, Phase, snapshot};
use rlhf_models::{FormatError, Safetensors, read_numbers, write_numbers};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Checkpoints that are kept.
const KEPT: usize = 2;

/// A whole checkpoint.
pub(super) struct Checkpoint {
    folder: PathBuf,
    /// Steps done.
    pub step: u64,
    state: State,
}

/// The part of the manifest beside the networks.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    /// The number of optimizer steps of each network; those that have not learned are left out.
    steps: BTreeMap<String, u32>,
    /// The stage's own.
    stage: Value,
}

/// Keeps networks after a step, and removes checkpoints of this phase that are too old.
pub(super) fn write(
    folder: &Path,
    phase: Phase,
    step: u64,
    networks: &[(&str, &Model)],
    stage: Value,
) -> Result<(), StageError> {
    let mut steps = BTreeMap::new();
    for (name, model) in networks {
        steps.extend(model.optimizer_steps().map(|steps| (name.to_string(), steps)));
    }
    let fail = |e: serde_json::Error| FormatError::content(folder, "state", e.to_string());
    let state = serde_json::to_value(State { steps, stage }).map_err(fail)?;
    let name = format!("{}-{step:08}", phase.name());
    Manifest::new(phase, step, state).write(&folder.join(name), |at| {
        networks.iter().try_for_each(|(name, model)| {
            let path = at.join(file(name));
            let (weights, state) = (model.weights()?, model.optimizer_state()?);
            let mut lists: Vec<(&str, &[f32])> = vec![("weights", &weights)];
            if let Some(OptimizerState { first, second, average, .. }) = &state {
                lists.extend([("first", &**first), ("second", second), ("average", average)]);
            }
            Ok::<_, FileError>(write_numbers(&path, &lists)?)
        })
    })?;
    remove_all_but(folder, phase, KEPT)
}

/// The newest checkpoint of a phase.
///
/// # Errors
/// [`StageError::Damaged`] when it is not whole.
pub(super) fn newest(folder: &Path, phase: Phase) -> Result<Option<Checkpoint>, StageError> {
    let all = of_phase(folder, phase)?;
    let Some((step, path)) = all.last() else { return Ok(None) };
    let damaged = |error| {
        let older = all.iter().rev().skip(1).map(|(_, path)| path.clone());
        let older = older.into_iter().find(|path| Manifest::check(path).is_ok());
        StageError::Damaged { error: Box::new(error), snapshot: path.clone(), older }
    };
    let manifest = Manifest::check(path).map_err(damaged)?;
    let state = serde_json::from_value(manifest.state)
        .map_err(|e| damaged(FormatError::content(path, "state", e.to_string())))?;
    Ok(Some(Checkpoint { folder: path.clone(), step: *step, state }))
}

/// Returns whether there is a checkpoint of a phase.
pub(super) fn any(folder: &Path, phase: Phase) -> Result<bool, StageError> {
    Ok(!of_phase(folder, phase)?.is_empty())
}

/// Checks that the steps which checkpoints go on from are among `lines`, those of `file`.
///
/// # Errors
/// [`StageError::File`] names the file and the step.
pub(super) fn measured(folder: &Path, lines: &[Line], file: &Path) -> Result<(), StageError> {
    for phase in Phase::ALL {
        let Some((step, path)) = of_phase(folder, phase)?.pop() else { continue };
        if !lines.iter().any(|line| line.phase == phase && line.step == step) {
            let reason = format!(
                "it lacks {} step {step}, which {} goes on from: put the file back from a copy, or begin the run \
                 again with --overwrite",
                phase.name(),
                path.display()
            );
            return Err(FormatError::content(file, format!("line {}", lines.len() + 1), reason).into());
        }
    }
    Ok(())
}

/// Removes the checkpoints of a phase, but for the last ones, as many as `kept`.
pub(super) fn remove_all_but(folder: &Path, phase: Phase, kept: usize) -> Result<(), StageError> {
    of_phase(folder, phase)?.iter().rev().skip(kept).try_for_each(|(_, path)| Ok(snapshot::remove(path)?))
}

impl Checkpoint {
    /// The checkpoint's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The stage's own state.
    pub fn stage(&self) -> &Value {
        &self.state.stage
    }

    /// The network of this name: `like`, with the weights and the optimizer that were kept.
    pub fn network(&self, name: &str, like: &Model, dropout_seed: u64) -> Result<Model, StageError> {
        let path = self.folder.join(file(name));
        let open = Safetensors::open(&path)?;
        let read = |list| read_numbers(&open, &path, list, like.architecture().parameters());
        let fail = |e: crate::engine::EngineError| FormatError::content(&path, "network", e.to_string());
        let mut model = Model::from_weights(&like.device(), like.architecture().clone(), read("weights")?)
            .map_err(fail)?;
        model.seed_dropout(dropout_seed);
        if let Some(&steps) = self.state.steps.get(name) {
            let (first, second, average) = (read("first")?, read("second")?, read("average")?);
            let [first, second, average] = [first.into(), second.into(), average.into()];
            model.set_optimizer_state(OptimizerState { first, second, average, steps }).map_err(fail)?;
        }
        Ok(model)
    }
}

fn file(network: &str) -> String {
    format!("{network}.safetensors")
}

/// A phase's checkpoints in the order of their steps.
fn of_phase(folder: &Path, phase: Phase) -> Result<Vec<(u64, PathBuf)>, StageError> {
    let mut out = Vec::new();
    if !folder.exists() {
        return Ok(out);
    }
    for entry in fs::read_dir(folder).map_err(|e| FormatError::io(folder, e))? {
        let path = entry.map_err(|e| FormatError::io(folder, e))?.path();
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let step = name.strip_prefix(phase.name()).and_then(|rest| rest.strip_prefix('-')?.parse().ok());
        if let Some(step) = step {
            out.push((step, path));
        }
    }
    out.sort();
    Ok(out)
}
