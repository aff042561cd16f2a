//! The files of the page's folder `model`.

use crate::Error;
use crate::gold::templates;
use crate::pretrain::prompts;
use crate::words;
use half::f16;
use rlhf::LanguageModel;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use serde_json::json;
use std::path::Path;

/// Writes the model, its weights in half precision, and the lists of openings and words.
///
/// # Errors
/// [`Error`] says which file.
pub fn write(model: &LanguageModel, folder: &Path) -> Result<(), Error> {
    let whole = tempfile::tempdir()?;
    model.save(whole.path())?;
    std::fs::create_dir_all(folder)?;
    for name in ["config.json", "tokenizer.rlhf"] {
        std::fs::copy(whole.path().join(name), folder.join(name))?;
    }
    let weights = std::fs::read(whole.path().join("model.safetensors"))?;
    std::fs::write(folder.join("model.safetensors"), halves(&weights)?)?;
    std::fs::write(folder.join("words.js"), words_module()?)?;
    std::fs::write(folder.join("prompts.json"), serde_json::to_string_pretty(&prompts())? + "\n")?;
    Ok(())
}

/// The lists that visitors judge by, as a module that every browser can import.
///
/// # Errors
/// None.
pub fn words_module() -> Result<String, Error> {
    let nouns = words::TOPICS.map(|topic| topic.noun);
    let sentences: Vec<String> = templates().collect();
    let lists = json!({
        "happy": words::HAPPY, "sad": words::SAD, "scary": words::SCARY, "topics": nouns, "sentences": sentences,
    });
    Ok(format!("export default {};\n", serde_json::to_string(&lists)?))
}

/// Packs the same tensors in half precision.
fn halves(file: &[u8]) -> Result<Vec<u8>, Error> {
    let tensors = SafeTensors::deserialize(file)?;
    let mut packed = Vec::new();
    for (name, tensor) in tensors.iter() {
        let numbers = tensor.data().as_chunks::<4>().0.iter();
        let bytes: Vec<u8> =
            numbers.flat_map(|bytes| f16::from_f32(f32::from_le_bytes(*bytes)).to_le_bytes()).collect();
        packed.push((name.to_owned(), tensor.shape().to_vec(), bytes));
    }
    let views: Result<Vec<_>, safetensors::SafeTensorError> = packed
        .iter()
        .map(|(name, shape, bytes)| Ok((name, TensorView::new(Dtype::F16, shape.clone(), bytes)?)))
        .collect();
    Ok(safetensors::serialize(views?, None)?)
}
