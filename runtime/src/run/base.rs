//! The model to start from.

use super::RunError;
use crate::config::{BaseModel, Config};
use crate::engine::{Device, Model};
use rlhf_core::model::Architecture;
use rlhf_core::model::tokenizer::{AnyTokenizer, Bytes, Tokenizer};
use rlhf_models::Opened;

/// The base and its tokenizer.
pub(super) struct Base {
    pub model: Model,
    pub tokenizer: AnyTokenizer,
}

impl Base {
    /// `tokenizer`: that of a new base without a file.
    pub fn open(config: &Config, device: &Device, tokenizer: Option<AnyTokenizer>) -> Result<Self, RunError> {
        let (architecture, tokenizer, opened) = match (tokenizer, config.base.fresh()) {
            (Some(tokenizer), Some(new)) => (new.architecture(tokenizer.vocabulary()), tokenizer, None),
            _ => described(config)?,
        };
        let model = match opened {
            Some(opened) => with_weights(device, architecture.clone(), opened.weights(&architecture)?.0)?,
            None => Model::random(device, architecture, config.seed)
                .map_err(|e| RunError::setting("base.new", e.to_string()))?,
        };
        Ok(Self { model, tokenizer })
    }
}

/// Opens step 3's teacher, where the configuration names one: it has the base's tokens and context.
///
/// # Errors
/// [`RunError`] names the file, or the mismatch.
pub(super) fn teacher(config: &Config, device: &Device) -> Result<Option<Model>, RunError> {
    let Some(opened) = teacher_file(config)? else { return Ok(None) };
    let architecture = Architecture { scalar: false, ..opened.architecture.clone() };
    let weights = opened.weights(&architecture)?.0;
    let model = Model::from_weights(device, architecture, weights);
    model.map(Some).map_err(|e| RunError::setting(TEACHER, e.to_string()))
}

const TEACHER: &str = "distillation.teacher";

/// Opens the teacher's file without reading a weight.
pub(super) fn teacher_file(config: &Config) -> Result<Option<Opened>, RunError> {
    let Some(path) = &config.distillation.teacher else { return Ok(None) };
    let opened = rlhf_models::open(&config.folder()?.join(path))?;
    let (base, of) = (described(config)?.0, &opened.architecture);
    if of.vocabulary != base.vocabulary {
        let reason =
            format!("it has {} tokens, the base {}: want one with the same", of.vocabulary, base.vocabulary);
        return Err(RunError::setting(TEACHER, reason));
    }
    if config.context > of.context {
        let reason = format!("it reads {} tokens at most (context is {})", of.context, config.context);
        return Err(RunError::setting(TEACHER, reason));
    }
    Ok(Some(opened))
}

/// The base's network, and how many ids its tokenizer has; no weight is read.
pub(super) fn fit(config: &Config) -> Result<(Architecture, usize), RunError> {
    let (architecture, tokenizer, _) = described(config)?;
    Ok((architecture, tokenizer.vocabulary()))
}

/// The base's network, its tokenizer and, unless it is a new one, its file.
fn described(config: &Config) -> Result<(Architecture, AnyTokenizer, Option<Opened>), RunError> {
    let folder = config.folder()?;
    let files = match &config.base {
        BaseModel::Files(files) => files,
        BaseModel::New(new) => {
            let bytes = new.reads_bytes().then(|| Ok(Bytes.into()));
            let tokenizer = bytes.unwrap_or_else(|| rlhf_models::tokenizer(&folder.join(&new.tokenizer)))?;
            return Ok((new.architecture(tokenizer.vocabulary()), tokenizer, None));
        }
    };
    let tokenizer = rlhf_models::tokenizer(&folder.join(&files.tokenizer))?;
    let opened = rlhf_models::open(&folder.join(&files.model))?;
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
    Ok((architecture, tokenizer, Some(opened)))
}

/// The base's tokenizer; no weight is read.
pub(super) fn tokenizer(config: &Config) -> Result<AnyTokenizer, RunError> {
    Ok(described(config)?.1)
}

fn with_weights(device: &Device, architecture: Architecture, weights: Vec<f32>) -> Result<Model, RunError> {
    Model::from_weights(device, architecture, weights)
        .map_err(|e| RunError::setting("base.model", e.to_string()))
}
