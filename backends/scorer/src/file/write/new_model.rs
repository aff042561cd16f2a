//! What a file is made of.

use super::error::WriteError;
use crate::{Family, Shape, WeightFormat};
use rlhf_core::model::Architecture;
use rlhf_core::model::tokenizer::AnyTokenizer;
use rlhf_core::rewards::RewardScale;

/// A reward model that is to be written.
#[derive(Clone, Copy, Debug)]
pub struct NewModel<'a> {
    /// The network, which has a scalar head.
    pub architecture: &'a Architecture,
    /// Its weights, in the order of [`Architecture::tensors`].
    pub weights: &'a [f32],
    /// Its tokenizer; without one the file scores token ids.
    pub tokenizer: Option<&'a AnyTokenizer>,
    /// What makes a reward of its score.
    pub scale: RewardScale,
}

impl NewModel<'_> {
    /// Returns the sizes of the file's model.
    ///
    /// # Errors
    /// [`WriteError::NoScalarHead`], [`WriteError::Architecture`] and [`WriteError::Context`].
    pub fn shape(&self, weights: WeightFormat, context: usize) -> Result<Shape, WriteError> {
        let a = self.architecture;
        a.validate().map_err(WriteError::Architecture)?;
        if !a.scalar {
            return Err(WriteError::NoScalarHead);
        }
        if context == 0 || context > a.context {
            return Err(WriteError::Context { want: context, most: a.context });
        }
        // `validate` has seen that all of them are far below 2³².
        let [vocabulary, context, width, layers, heads, kv_heads, head_width, hidden] =
            [a.vocabulary, context, a.width, a.layers, a.heads, a.kv_heads, a.head_width, a.hidden]
                .map(|size| size as u32);
        let family = match a.family {
            rlhf_core::model::Family::Gpt2 => Family::Gpt2,
            rlhf_core::model::Family::Llama => Family::Llama,
        };
        Ok(Shape { family, weights, vocabulary, context, width, layers, heads, kv_heads, head_width, hidden })
    }
}
