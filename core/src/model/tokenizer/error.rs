//! Errors of vocabularies.

use alloc::string::String;

/// A fault in a tokenizer's file or stored form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}, {place}: {reason}")]
pub struct TokenizerError {
    /// The thing that was being read: a file's usual name, or a kind of tokenizer.
    pub file: &'static str,
    /// The place in it: a line, a token, a byte offset.
    pub place: String,
    /// The fault, and what would be right.
    pub reason: String,
}

impl TokenizerError {
    pub(super) fn new(file: &'static str, place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { file, place: place.into(), reason: reason.into() }
    }
}
