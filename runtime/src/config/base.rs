//! The model to start from.

use crate::config::ConfigError;
use rlhf_core::model::{Architecture, Family};
use rlhf_train::profile::{Profile, Supervised, WarmUpLength};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The model to start from: one that there is, or a new one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Either", into = "Either")]
pub enum BaseModel {
    /// A model in files.
    Files(BaseFiles),
    /// A network with random weights, pretrained first.
    New(NewBase),
}

impl BaseModel {
    /// The files and folders that it is read from, from the data's folder.
    pub(crate) fn paths(&self) -> Vec<&std::path::Path> {
        match self {
            Self::Files(files) => vec![&files.model, &files.tokenizer],
            Self::New(new) if new.reads_bytes() => Vec::new(),
            Self::New(new) => vec![&new.tokenizer],
        }
    }

    /// The new network, if it is one.
    pub fn fresh(&self) -> Option<&NewBase> {
        match self {
            Self::New(new) => Some(new),
            Self::Files(_) => None,
        }
    }
}

/// A model in files, as paths from the data's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseFiles {
    /// A Hugging Face folder or llama2.c's `.bin`.
    pub model: PathBuf,
    /// Its tokenizer.
    pub tokenizer: PathBuf,
}

/// A network with random weights instead of a model, pretrained on the data's plain text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NewBase {
    /// The kind of network.
    pub family: Family,
    /// The number of layers.
    #[schemars(range(min = 1, max = 4096))]
    pub layers: usize,
    /// The width of the residual stream; the heads divide it.
    #[schemars(range(min = 1, max = 1_048_576))]
    pub width: usize,
    /// The number of attention heads in each layer.
    #[schemars(range(min = 1, max = 65_536))]
    pub heads: usize,
    /// The longest sequence, in tokens.
    #[schemars(range(min = 16, max = 16_777_216))]
    pub context: usize,
    /// `bytes`, or a tokenizer's path from the data's folder.
    #[schemars(length(min = 1))]
    pub tokenizer: PathBuf,
    /// Passes over the data's plain text.
    #[schemars(range(min = 1))]
    pub epochs: u32,
    /// Texts of `pretraining.length` tokens in an optimizer step.
    #[schemars(range(min = 1))]
    pub batch: u32,
    /// The highest learning rate.
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub learning_rate: f64,
}

impl Default for NewBase {
    fn default() -> Self {
        Self {
            family: Family::Gpt2,
            layers: 4,
            width: 128,
            heads: 4,
            context: 256,
            tokenizer: "bytes".into(),
            epochs: 1,
            batch: 32,
            learning_rate: 1e-3,
        }
    }
}

impl NewBase {
    /// The network for a tokenizer of `vocabulary` tokens. A Llama's MLP is 8/3 as wide as its
    /// stream, in steps of 8, as its paper has it (arXiv:2302.13971, §2.2).
    pub fn architecture(&self, vocabulary: usize) -> Architecture {
        let gpt2 = Architecture::gpt2(vocabulary, self.context, self.width, self.layers, self.heads);
        match self.family {
            Family::Gpt2 => gpt2,
            Family::Llama => Architecture {
                family: Family::Llama,
                hidden: (self.width.saturating_mul(8) / 3).next_multiple_of(8),
                ..gpt2
            },
        }
    }

    /// The settings of pretraining: the optimizer of the profile's reward model but for the rate, with a twentieth of
    /// the steps to warm up and gradients clipped at norm 1.
    pub fn settings(&self, profile: &Profile) -> Supervised {
        let mut optimizer = profile.reward.optimizer;
        optimizer.learning_rate = self.learning_rate;
        optimizer.warm_up = WarmUpLength::Share(0.05);
        optimizer.max_grad_norm = Some(1.0);
        Supervised { epochs: self.epochs, batch: self.batch, dropout: 0.0, optimizer }
    }

    /// Returns whether the tokenizer is the one that reads bytes.
    pub fn reads_bytes(&self) -> bool {
        self.tokenizer.as_os_str() == "bytes"
    }

    /// Checks that the network can exist.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let (width, heads) = (self.width, self.heads);
        if !width.is_multiple_of(heads) {
            let reason = format!("{heads} heads do not divide a width of {width}");
            return Err(ConfigError::setting("base.new.heads", reason));
        }
        let network = self.architecture(256).validate();
        network.map_err(|e| ConfigError::setting("base.new.width", e.to_string()))
    }
}

/// The model to start from: a model and its tokenizer, or `[base.new]`.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Either {
    /// A Hugging Face folder or llama2.c's .bin, from the data's folder.
    #[schemars(length(min = 1))]
    model: Option<PathBuf>,
    /// Its tokenizer: a file, or a folder with GPT-2's two files, from the data's folder.
    #[schemars(length(min = 1))]
    tokenizer: Option<PathBuf>,
    new: Option<NewBase>,
}

impl TryFrom<Either> for BaseModel {
    type Error = &'static str;

    fn try_from(section: Either) -> Result<Self, Self::Error> {
        match section {
            Either { model: Some(model), tokenizer: Some(tokenizer), new: None } => {
                Ok(Self::Files(BaseFiles { model, tokenizer }))
            }
            Either { model: None, tokenizer: None, new: Some(new) } => Ok(Self::New(new)),
            _ => Err("[base] wants a model and its tokenizer, or else [base.new]"),
        }
    }
}

impl From<BaseModel> for Either {
    fn from(base: BaseModel) -> Self {
        match base {
            BaseModel::Files(BaseFiles { model, tokenizer }) => {
                Self { model: Some(model), tokenizer: Some(tokenizer), new: None }
            }
            BaseModel::New(new) => Self { model: None, tokenizer: None, new: Some(new) },
        }
    }
}
