//! Step 1: supervised fine-tuning, and pretraining, which is the same on plain text.

use super::guard::{Fault, Offender, Place, Watch, forget};
use super::{Examples, Guards, Passes, Step, TOKENS_AT_ONCE, TrainError};
use rlhf_core::objectives::CrossEntropy;
use rlhf_core::profile::Supervised;
use rlhf_core::random::{Key, Stream};
use rlhf_core::roles::Learner;

/// Learns to write the responses (all of a text without a prompt) by next-token cross-entropy, in
/// batches of `settings.batch` texts, each pass over them in another keyed order. The dropout is the
/// learner's to know.
///
/// # Errors
/// [`TrainError::Nothing`] without a token to learn; [`TrainError::Guard`] where a number is not finite;
/// the learner's own.
pub async fn supervised<L: Learner<Error: 'static>>(
    learner: &mut L,
    examples: &Examples,
    settings: &Supervised,
    seed: u64,
    on_step: &mut dyn FnMut(Step),
) -> Result<(), TrainError> {
    if examples.owed() == 0 {
        return Err(TrainError::Nothing { what: "demonstrations" });
    }
    let batch = (settings.batch as usize).clamp(1, examples.len());
    let per_epoch = examples.len().div_ceil(batch);
    let total = per_epoch as u64 * u64::from(settings.epochs);
    let schedule = settings.optimiser.schedule(total, 1);
    schedule.validate()?;
    let mut passes = Passes::new(Key::new(seed, Stream::Shuffle, 0), examples.len());
    for step in 0..total {
        let in_epoch = step as usize % per_epoch;
        let count = batch.min(examples.len() - in_epoch * batch);
        let picked = passes.take(count);
        let chosen = examples.select(picked.iter().copied());
        let place = Place::Step(step + 1);
        let tokens = chosen.owed();
        let mut loss = 0.0;
        if tokens > 0 {
            loss = accumulate(learner, (&chosen, &picked), tokens as f64, 1.0, place).await?;
        }
        let update = settings.optimiser.update(&schedule, step);
        let gradient = learner.step(&update).await.map_err(|error| {
            let all = picked.iter().enumerate().map(|(i, &of)| Offender::example(&chosen, i, of));
            Fault::refused(place, "learner", error, all.collect())
        })?;
        on_step(Step { step: step + 1, total, loss, gradient, learning_rate: update.learning_rate });
    }
    Ok(())
}

/// Accumulates `coefficient` times the cross-entropy of examples, whose numbers among all are given
/// with them, over `denominator` tokens.
pub(super) async fn accumulate<L: Learner<Error: 'static>>(
    learner: &mut L,
    (examples, indices): (&Examples, &[usize]),
    denominator: f64,
    coefficient: f64,
    place: Place,
) -> Result<f64, TrainError> {
    let mut loss = 0.0;
    let mut watch = Watch::new(examples.tokens());
    for part in examples.parts(TOKENS_AT_ONCE) {
        let mut objective = CrossEntropy::weighted(denominator, coefficient)?;
        let mut watched = watch.over(&mut objective, part.span.clone());
        loss += learner.accumulate(part.batch()?, &mut watched).await.map_err(TrainError::role("learner"))?;
    }
    match Guards::examples(place, examples, indices, &watch) {
        Ok(()) => Ok(loss),
        Err(fault) => Err(forget(learner, fault).await),
    }
}
