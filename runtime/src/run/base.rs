//! The model to start from.

use super::{Config, RunError};
use crate::formats;
use rlhf_core::model::Architecture;
use rlhf_core::model::tokenizer::{AnyTokenizer, Tokenizer};
use rlhf_cpu::{Cpu, Model};

/// The base and its tokenizer.
pub(super) struct Base {
    pub model: Model,
    pub tokenizer: AnyTokenizer,
}

impl Base {
    pub fn open(config: &Config, cpu: &Cpu) -> Result<Self, RunError> {
        let folder = config.folder()?;
        let tokenizer = formats::tokenizer(&folder.join(&config.base.tokenizer))?;
        let opened = formats::open(&folder.join(&config.base.model))?;
        let architecture = Architecture { scalar: false, ..opened.architecture.clone() };
        if config.context > architecture.context {
            let reason = format!("the base reads {} tokens at most", architecture.context);
            return Err(RunError::setting("context", reason));
        }
        if tokenizer.vocabulary() > architecture.vocabulary {
            let reason = format!(
                "it has {} tokens, the base {}: it is another model's",
                tokenizer.vocabulary(),
                architecture.vocabulary
            );
            return Err(RunError::setting("base.tokenizer", reason));
        }
        let (weights, _) = opened.weights(&architecture)?;
        let model = with_weights(cpu, architecture, weights)?;
        Ok(Self { model, tokenizer })
    }
}

fn with_weights(cpu: &Cpu, architecture: Architecture, weights: Vec<f32>) -> Result<Model, RunError> {
    Model::from_weights(cpu, architecture, weights)
        .map_err(|e| RunError::setting("base.model", e.to_string()))
}

/// The same weights with dropout at `rate` while learning.
pub(super) fn with_dropout(model: &Model, rate: f64, seed: u64) -> Result<Model, RunError> {
    if f64::from(model.architecture().dropout) == rate {
        return Ok(model.clone());
    }
    let architecture = Architecture { dropout: rate as f32, ..model.architecture().clone() };
    let mut model = with_weights(model.cpu(), architecture, model.weights().to_vec())?;
    model.seed_dropout(seed);
    Ok(model)
}
