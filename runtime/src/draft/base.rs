//! The model to start from, among the files of a folder.

use crate::config::{ConfigError, NewBase};
use crate::run::RunError;
use rlhf_core::model::Architecture;
use rlhf_core::model::tokenizer::{AnyTokenizer, Bytes, Tokenizer};
use rlhf_data::{Found, Kind};
use rlhf_models::{open, tokenizer};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Texts of an optimizer step of a new network's pretraining, times their length in bytes, times its steps.
const READ: u64 = 32 * 64 * 400;
/// The longest text of a new network, in bytes.
const LONGEST: usize = 512;

/// The model to start from.
pub(super) enum Base {
    /// A model in files, by paths from the folder.
    Files { model: PathBuf, files: PathBuf, architecture: Architecture, tokenizer: AnyTokenizer },
    /// A new network that reads bytes, with so many bytes of text to learn from.
    New { bytes: u64, tokenizer: AnyTokenizer },
}

/// Looks for a model with a tokenizer that fits, or else for plain text.
///
/// # Errors
/// [`RunError::Config`] where there is neither.
pub(super) fn find(folder: &Path, found: &Found) -> Result<Base, RunError> {
    let others =
        || found.left_out.iter().map(|(path, _)| path).chain(found.files.iter().map(|(path, _)| path));
    let named = |path: &Path, name: &str| path.file_name().is_some_and(|file| file == name);
    let ends = |path: &Path, end: &str| path.extension().is_some_and(|extension| extension == end);
    let mut candidates = BTreeSet::new();
    for path in others() {
        if ends(path, "bin") {
            candidates.insert(path.as_path());
        }
        if ends(path, "safetensors")
            || ends(path, "bin")
            || named(path, "vocab.bpe")
            || named(path, "tokenizer.json")
        {
            candidates.extend(path.parent());
        }
    }
    let tokenizers: Vec<(&Path, AnyTokenizer)> =
        candidates.iter().filter_map(|path| Some((*path, tokenizer(path).ok()?))).collect();
    let from = |path: &Path| path.strip_prefix(folder).unwrap_or(path).to_path_buf();
    for path in &candidates {
        let Ok(opened) = open(path) else { continue };
        let fits = |tokens: &AnyTokenizer| tokens.vocabulary() <= opened.architecture.vocabulary;
        let own = tokenizers.iter().find(|(at, tokens)| at == path && fits(tokens));
        let same =
            || tokenizers.iter().find(|(_, tokens)| tokens.vocabulary() == opened.architecture.vocabulary);
        if let Some((files, tokenizer)) = own.or_else(same) {
            return Ok(Base::Files {
                model: from(path),
                files: from(files),
                architecture: opened.architecture,
                tokenizer: tokenizer.clone(),
            });
        }
    }
    let texts = found.files.iter().filter(|(_, format)| format.kind() == Kind::Text);
    let bytes: u64 = texts.filter_map(|(path, _)| Some(path.metadata().ok()?.len())).sum();
    if bytes == 0 {
        let reason = format!(
            "{}: there is no model with its tokenizer (a Hugging Face folder of GPT-2 or Llama, or llama2.c's .bin), \
             and no plain text; put a model there, or a text of 64 KiB or more for a new one",
            folder.display()
        );
        return Err(ConfigError::setting("base", reason).into());
    }
    Ok(Base::New { bytes, tokenizer: Bytes.into() })
}

impl Base {
    pub fn is_new(&self) -> bool {
        matches!(self, Self::New { .. })
    }

    pub fn tokenizer(&self) -> &AnyTokenizer {
        let (Self::Files { tokenizer, .. } | Self::New { tokenizer, .. }) = self;
        tokenizer
    }

    /// The longest text, in tokens.
    pub fn longest(&self) -> usize {
        match self {
            Self::Files { architecture, .. } => architecture.context,
            Self::New { .. } => LONGEST,
        }
    }

    /// The number of weights, for texts of so many tokens.
    pub fn weights(&self, context: usize) -> usize {
        match self {
            Self::Files { architecture, .. } => architecture.parameters(),
            Self::New { tokenizer, .. } => new(context).architecture(tokenizer.vocabulary()).parameters(),
        }
    }

    /// The model in words.
    pub fn description(&self) -> String {
        match self {
            Self::Files { model, architecture, .. } => {
                format!("the model {} of {} weights", model.display(), architecture.parameters())
            }
            Self::New { bytes, .. } => format!("no model, {bytes} bytes of plain text for a new one"),
        }
    }

    /// The table of a configuration, for texts of so many tokens.
    ///
    /// # Errors
    /// [`RunError::Config`] for a path that TOML cannot hold.
    pub fn table(&self, context: usize) -> Result<String, RunError> {
        match self {
            Self::Files { model, files, .. } => {
                let path = |path: &Path| {
                    // The folder itself may be the model.
                    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
                    let text = path.to_str().ok_or_else(|| {
                        ConfigError::setting("base", format!("{}: want a path in UTF-8", path.display()))
                    })?;
                    Ok::<_, RunError>(toml::Value::from(text).to_string())
                };
                Ok(format!("[base]\nmodel = {}\ntokenizer = {}\n", path(model)?, path(files)?))
            }
            Self::New { bytes, .. } => {
                let NewBase { layers, width, heads, learning_rate, .. } = new(context);
                let epochs = (READ / bytes).clamp(1, 50);
                Ok(format!(
                    "# A small new one, which reads bytes and learns from the plain text first.\n[base.new]\n\
                     layers = {layers}\nwidth = {width}\nheads = {heads}\ncontext = {context}\n\
                     epochs = {epochs}\nlearning_rate = {learning_rate}\n"
                ))
            }
        }
    }
}

/// A new network that learns in a minute.
fn new(context: usize) -> NewBase {
    NewBase { layers: 2, width: 64, context, learning_rate: 3e-3, ..NewBase::default() }
}
