//! Step 1: supervised fine-tuning, and pretraining, which is the same on plain text.

use super::{Examples, Passes, Step, TOKENS_AT_ONCE, TrainError};
use rlhf_core::objectives::CrossEntropy;
use rlhf_core::profile::Supervised;
use rlhf_core::random::{Key, Stream};
use rlhf_core::roles::Learner;

/// Learns to write the responses (all of a text without a prompt) by next-token cross-entropy, in
/// batches of `settings.batch` texts, each pass over them in another keyed order. The dropout is the
/// learner's to know.
///
/// # Errors
/// [`TrainError::Nothing`] without a token to learn; the learner's own.
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
        let chosen = examples.select(passes.take(count));
        let tokens = chosen.owed();
        let mut loss = 0.0;
        if tokens > 0 {
            loss = accumulate(learner, &chosen, tokens as f64, 1.0).await?;
        }
        let update = settings.optimiser.update(&schedule, step);
        let gradient = learner.step(&update).await.map_err(TrainError::role("learner"))?;
        on_step(Step { step: step + 1, total, loss, gradient, learning_rate: update.learning_rate });
    }
    Ok(())
}

/// Accumulates `coefficient` times the cross-entropy of examples over `denominator` tokens.
pub(super) async fn accumulate<L: Learner<Error: 'static>>(
    learner: &mut L,
    examples: &Examples,
    denominator: f64,
    coefficient: f64,
) -> Result<f64, TrainError> {
    let mut loss = 0.0;
    for part in examples.parts(TOKENS_AT_ONCE) {
        let mut objective = CrossEntropy::weighted(denominator, coefficient)?;
        loss +=
            learner.accumulate(part.batch()?, &mut objective).await.map_err(TrainError::role("learner"))?;
    }
    Ok(loss)
}
