//! Step 1, and pretraining, which is step 1 on plain text.

use super::driver::{StagePlan, drive};
use super::{Session, StageError, at};
use crate::engine::Model;
use crate::engine::with_dropout;
use crate::record::Phase;
use rlhf_train::profile::Supervised;
use rlhf_train::{Examples, Models};

/// Teaches `start` to write these texts and keeps it: as `base` where the phase is pretraining, else as `sft`.
///
/// # Errors
/// [`StageError`].
pub fn supervised(
    session: &mut Session<'_>,
    phase: Phase,
    start: &Model,
    texts: &Examples,
    settings: &Supervised,
    seed: u64,
) -> Result<Model, StageError> {
    let name = if phase == Phase::Pretrain { "base" } else { "sft" };
    if let Some(model) = session.finished(name, start)? {
        return Ok(model);
    }
    let mut models = Models::new(with_dropout(start, settings.dropout, seed).map_err(at(phase, 0))?);
    let mut trainer = rlhf_train::Supervised::new(texts, settings, seed).map_err(at(phase, 0))?;
    let plan = StagePlan { phase, names: vec![name.into()], seed, rollouts: None };
    let done = drive(session, plan, &mut trainer, &mut models)?;
    let model = with_dropout(&models.policy, 0.0, seed).map_err(at(phase, done))?;
    session.finish(name, phase, model)
}
