//! Names that most programs need: `use rlhf::prelude::*;`.

pub use crate::engine::{Device, Model};
pub use crate::{IntoReward, LanguageModel, OnPrompts, Response, RewardModel, Training, Writing};
pub use rlhf_core::model::Architecture;
pub use rlhf_core::model::tokenizer::{AnyTokenizer, Bytes, Tokenizer};
pub use rlhf_core::sampling::SamplingParams;
pub use rlhf_train::profile;
