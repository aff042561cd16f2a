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
        let model = Model::from_weights(cpu, architecture, weights)
            .map_err(|e| RunError::setting("base.model", e.to_string()))?;
        Ok(Self { model, tokenizer })
    }
}
