//! Step 3 by values of tokens: ILQL.

use super::driver::{StagePlan, drive};
use super::{Session, StageError, at};
use crate::engine::with_dropout;
use crate::engine::{ActionValues, Aligned, Model};
use crate::record::Phase;
use rlhf_core::random::{Key, Stream};
use rlhf_models::Files;
use rlhf_train::profile::IlqlTraining;
use rlhf_train::{Ilql, Models, Rewarded, TrainError};

/// Learns from rewarded texts what tokens are worth, and keeps `sft` as `policy` with the values that lead
/// it: what writes is no new network, but the supervised one and two that say what its next tokens are
/// worth.
///
/// # Errors
/// [`StageError`].
pub fn ilql(
    session: &mut Session<'_>,
    sft: &Model,
    data: &Rewarded,
    settings: &IlqlTraining,
    seed: u64,
) -> Result<Aligned, StageError> {
    let (phase, name, dropout) = (Phase::Ppo, "policy", settings.passes.dropout);
    if let Some(model) = session.finished(name, sft)? {
        let values = session
            .root()
            .map(|root| ActionValues::open(&Files::folder(&root.join(name)), &model))
            .transpose()?;
        return Ok(Aligned { model, values: values.flatten() });
    }
    let head = |draws| with_dropout(&head(sft, seed, draws)?, dropout, seed);
    let start = || {
        let critic = sft.with_scalar_head(0.0, seed).map_err(TrainError::role("critic"))?;
        let critic = with_dropout(&critic, dropout, seed)?;
        let heads = [head(1)?, head(2)?];
        let others = [heads.clone(), heads].concat();
        Ok((Ilql::new(data, settings, seed)?, Models { others, ..Models::new(critic) }))
    };
    let (mut trainer, mut models) = start().map_err(at(phase, 0))?;
    let names = ["critic", "head-1", "head-2", "target-1", "target-2"].map(String::from).to_vec();
    let done = drive(session, StagePlan { phase, names, seed, rollouts: None }, &mut trainer, &mut models)?;
    let learned = |model| with_dropout(model, 0.0, seed).map_err(at(phase, done));
    let heads = [learned(&models.others[0])?, learned(&models.others[1])?];
    heads.iter().try_for_each(|head| session.finite(head, phase))?;
    let values = ActionValues { heads, beta: settings.beta, top_k: settings.top_k };
    let model = session.finish_with(name, phase, sft.clone(), &|folder| values.save(folder))?;
    Ok(Aligned { model, values: Some(values) })
}

/// The body of `sft` with rows of their own, near 0, in place of its head.
fn head(sft: &Model, seed: u64, draws: u32) -> Result<Model, TrainError> {
    let (own, of) = (ActionValues::architecture(sft.architecture()), sft.architecture());
    let rows = own.vocabulary * own.width;
    let body = of.parameters() - if of.tied { 0 } else { rows };
    let key = Key::new(seed, Stream::Init, 1 + draws);
    let deviation = 1.0 / (own.width as f64 + 1.0);
    let mut weights = sft.weights().map_err(TrainError::role("head"))?[..body].to_vec();
    weights.extend((0..rows).map(|i| (key.normal(0, i as u32) * deviation) as f32));
    Model::from_weights(&sft.device(), own, weights).map_err(TrainError::role("head"))
}
