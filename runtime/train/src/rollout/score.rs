//! Scoring: the log-probabilities of the reference, the scores of the reward, the values of the critic.

use crate::examples::{Part, parts};
use crate::{Models, TOKENS_AT_ONCE, TrainError, reward};
use alloc::vec;
use alloc::vec::Vec;
use rlhf_core::Rollouts;
use rlhf_core::roles::{Critic, Reference, Reward};

/// Fills in the reference's log-probabilities and the reward's scores.
///
/// # Errors
/// [`TrainError::Missing`] without a reference or a reward; theirs.
pub(crate) async fn score<N, R, F, C>(
    models: &mut Models<'_, N, R, F, C>,
    rollouts: &mut Rollouts,
    temperature: f64,
) -> Result<(), TrainError>
where
    F: Reference<Error: 'static>,
    R: Reward<Error: 'static>,
{
    let reference = log_probs(models.reference()?, "reference", rollouts, temperature).await?;
    let scores = reward::score(models.reward()?, rollouts.sequences()).await?;
    let columns = rollouts.columns_mut();
    columns.ref_log_probs.copy_from_slice(&reference);
    columns.scores.copy_from_slice(&scores);
    Ok(())
}

/// Fills in the critic's values: each that of the state after its token.
///
/// # Errors
/// The critic's own.
pub(crate) async fn values<C: Critic<Error: 'static>>(
    critic: &mut C,
    rollouts: &mut Rollouts,
) -> Result<(), TrainError> {
    let (sequences, loss_mask) = (rollouts.sequences(), rollouts.loss_mask());
    let mut out = vec![0.0; loss_mask.len()];
    for texts in parts(sequences.ends(), TOKENS_AT_ONCE) {
        let part = Part::new(sequences.tokens(), sequences.ends(), &loss_mask, texts);
        let out = &mut out[part.span.clone()];
        critic.values(part.batch()?.sequences(), out).await.map_err(TrainError::role("critic"))?;
    }
    rollouts.columns_mut().values.copy_from_slice(&out);
    Ok(())
}

/// Returns the log-probabilities that a model gives the responses, 0 on prompt tokens. `role` appears in errors.
///
/// # Errors
/// The model's own.
pub(crate) async fn log_probs<F: Reference<Error: 'static>>(
    model: &mut F,
    role: &'static str,
    rollouts: &Rollouts,
    temperature: f64,
) -> Result<Vec<f32>, TrainError> {
    let (sequences, loss_mask) = (rollouts.sequences(), rollouts.loss_mask());
    let mut out = vec![0.0; loss_mask.len()];
    for texts in parts(sequences.ends(), TOKENS_AT_ONCE) {
        let part = Part::new(sequences.tokens(), sequences.ends(), &loss_mask, texts);
        let batch = part.batch()?.at_temperature(temperature as f32)?;
        model.log_probs(batch, &mut out[part.span.clone()]).await.map_err(TrainError::role(role))?;
    }
    Ok(out)
}
