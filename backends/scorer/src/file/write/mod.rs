//! The writing of model files.

mod error;
mod new_model;
mod part;
mod tensors;
mod tokenizer;

pub use error::WriteError;
pub use new_model::NewModel;

use super::header::Header;
use super::{MAGIC, PRELUDE, VERSION, checksum};
use crate::WeightFormat;
use alloc::vec::Vec;
use part::append;

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
    let sum = checksum(&file);
    let start = [&MAGIC[..], &VERSION.to_le_bytes(), &sum.to_le_bytes()].concat();
    file[..16].copy_from_slice(&start);
    Ok(file)
}
