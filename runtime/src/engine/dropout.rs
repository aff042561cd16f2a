//! Dropout during training.

use super::Model;
use rlhf_train::TrainError;
use std::borrow::Cow;

/// Returns the same weights with dropout at `rate`, without an optimizer's state.
pub(crate) fn with_dropout(model: &Model, rate: f64, seed: u64) -> Result<Model, TrainError> {
    let architecture =
        rlhf_core::model::Architecture { dropout: rate as f32, ..model.architecture().clone() };
    if architecture == *model.architecture() {
        return Ok(model.clone());
    }
    let weights = model.weights().map(Cow::into_owned);
    let mut model = weights
        .and_then(|weights| Model::from_weights(&model.device(), architecture, weights))
        .map_err(TrainError::role("learner"))?;
    model.seed_dropout(seed);
    Ok(model)
}
