//! The model to start from.

use super::{BaseModel, Config, NewBase, RunError};
use crate::formats;
use rlhf_core::model::Architecture;
use rlhf_core::model::tokenizer::{AnyTokenizer, Bytes, Tokenizer};
use rlhf_cpu::{Cpu, Model};

/// The base and its tokenizer.
pub(super) struct Base {
    pub model: Model,
    pub tokenizer: AnyTokenizer,
}

impl Base {
    pub fn open(config: &Config, cpu: &Cpu) -> Result<Self, RunError> {
        let folder = config.folder()?;
        let files = match &config.base {
            BaseModel::Files(files) => files,
            BaseModel::New(new) => return Self::random(config, new, cpu),
        };
        let tokenizer = formats::tokenizer(&folder.join(&files.tokenizer))?;
        let opened = formats::open(&folder.join(&files.model))?;
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

    /// A network that has read nothing yet.
    fn random(config: &Config, new: &NewBase, cpu: &Cpu) -> Result<Self, RunError> {
        let tokenizer = if new.reads_bytes() {
            Bytes.into()
        } else {
            formats::tokenizer(&config.folder()?.join(&new.tokenizer))?
        };
        let architecture = new.architecture(tokenizer.vocabulary());
        let model = Model::random(cpu, architecture, config.seed)
            .map_err(|e| RunError::setting("base.new", e.to_string()))?;
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
