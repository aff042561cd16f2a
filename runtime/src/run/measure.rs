//! Measurements of networks on texts.

use rlhf_core::roles::{Reference, Reward};
use rlhf_train::now;
use rlhf_train::{Examples, TOKENS_AT_ONCE, TrainError};

/// Returns the log-probability ln p of every loss token; the others are 0.
pub(super) fn log_probs<F: Reference<Error: 'static>>(
    model: &mut F,
    texts: &Examples,
    temperature: f64,
) -> Result<Vec<f32>, TrainError> {
    let mut out = Vec::new();
    for part in texts.parts(TOKENS_AT_ONCE) {
        let batch = part.batch()?.at_temperature(temperature as f32)?;
        let start = out.len();
        out.resize(start + part.span.len(), 0.0);
        now(async {
            model.log_probs(batch, &mut out[start..]).await.map_err(TrainError::role("reference"))
        })?;
    }
    Ok(out)
}

/// The mean cross-entropy, in nats per learnt token.
pub(super) fn loss<F: Reference<Error: 'static>>(model: &mut F, texts: &Examples) -> Result<f64, TrainError> {
    let sum: f64 = log_probs(model, texts, 1.0)?.into_iter().map(f64::from).sum();
    Ok(0.0 - sum / texts.loss_tokens().max(1) as f64)
}

/// The score of every text.
pub(super) fn scores<R>(reward: &mut R, texts: &Examples) -> Result<Vec<f64>, TrainError>
where
    R: Reward<Error: 'static>,
{
    let mut out = Vec::new();
    for part in texts.parts(TOKENS_AT_ONCE) {
        let sequences = part.batch()?.sequences();
        let mut scores = vec![0.0; sequences.len()];
        now(async { reward.score(sequences, &mut scores).await.map_err(TrainError::role("reward")) })?;
        out.extend(scores.into_iter().map(f64::from));
    }
    Ok(out)
}
