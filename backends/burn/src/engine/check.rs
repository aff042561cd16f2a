//! Checks before every pass.

use crate::EngineError;
use rlhf_core::model::Architecture;
use rlhf_core::{Error, Ragged};

/// Ids in the vocabulary, sequences in the context.
pub(crate) fn texts(a: &Architecture, sequences: Ragged<'_>) -> Result<(), EngineError> {
    ids(a, sequences.tokens())?;
    for (sequence, (tokens, _)) in sequences.sequences().enumerate() {
        if tokens.len() > a.context {
            return Err(EngineError::Context { sequence, length: tokens.len(), context: a.context });
        }
    }
    Ok(())
}

/// Ids in the vocabulary.
pub(crate) fn ids(a: &Architecture, ids: &[u32]) -> Result<(), EngineError> {
    let vocabulary = a.vocabulary;
    match ids.iter().position(|&id| id as usize >= vocabulary) {
        Some(position) => Err(EngineError::Token { position, token: ids[position], vocabulary }),
        None => Ok(()),
    }
}

/// Checks that there is space for a response after every prompt.
pub(crate) fn prompts(a: &Architecture, prompts: Ragged<'_>) -> Result<(), EngineError> {
    texts(a, prompts)?;
    match prompts.sequences().position(|(prompt, _)| prompt.len() == a.context) {
        Some(sequence) => Err(EngineError::Context { sequence, length: a.context + 1, context: a.context }),
        None => Ok(()),
    }
}

/// Checks that there is memory for a tensor of these axes on the host, where a processor's engine would abort. A card's
/// allocator reports by itself that it has too little.
pub(crate) fn check_memory(axes: &[usize]) -> Result<(), EngineError> {
    let numbers = axes.iter().fold(1, |product: usize, &axis| product.saturating_mul(axis));
    Vec::<f32>::new().try_reserve_exact(numbers).map_err(|_| EngineError::Device {
        reason: format!("there is no memory for a tensor of {axes:?} numbers"),
    })
}

/// An argument's length.
pub(crate) fn len(name: &'static str, got: usize, want: usize) -> Result<(), EngineError> {
    if got == want { Ok(()) } else { Err(Error::Shape { name, want, got }.into()) }
}
