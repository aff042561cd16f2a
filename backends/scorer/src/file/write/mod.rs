//! The writing of model files.

mod error;
mod tensors;
mod tokenizer;

pub use error::WriteError;

use super::header::Header;
use super::{ALIGNMENT, MAGIC, PRELUDE, VERSION, checksum};
use crate::{Family, Shape, WeightFormat};
use alloc::vec::Vec;
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

/// Returns a model file of a reward model, for texts of at most `context` tokens.
///
/// # Errors
/// [`WriteError`] names what cannot be written: a weight that is infinite or none, or too large for its format.
pub fn write(model: &NewModel<'_>, weights: WeightFormat, context: usize) -> Result<Vec<u8>, WriteError> {
    let shape = model.shape(weights, context)?;
    let (tokenizer, tables) = tokenizer::tables(model.tokenizer);
    let (bos, eos) = tokenizer::ends(model.tokenizer);
    let scale = &model.scale;
    let header = Header {
        shape,
        epsilon: model.architecture.norm_epsilon,
        gain: scale.gain as f32,
        bias: scale.bias as f32,
        tokenizer,
        bos,
        eos,
    };
    let mut room = [0; 256];
    let header = postcard::to_slice(&header, &mut room).map_err(|_| WriteError::Header)?;
    let mut file = alloc::vec![0; PRELUDE];
    append(&mut file, header);
    tensors::write(model, &shape, &mut file)?;
    for table in tables {
        append(&mut file, &table);
    }
    let (length, header) = (file.len() as u64, header.len() as u32);
    let start = [&length.to_le_bytes()[..], &header.to_le_bytes()].concat();
    file[16..28].copy_from_slice(&start);
    let sum = checksum::xxh32(&file[16..]);
    let start = [&MAGIC[..], &VERSION.to_le_bytes(), &sum.to_le_bytes()].concat();
    file[..16].copy_from_slice(&start);
    Ok(file)
}

/// Appends a part, and zeros up to the next multiple of 16.
fn append(file: &mut Vec<u8>, part: &[u8]) {
    file.extend_from_slice(part);
    file.resize(file.len().next_multiple_of(ALIGNMENT), 0);
}
