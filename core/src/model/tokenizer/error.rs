//! Why a vocabulary does not serve.

use alloc::string::String;
use core::fmt;

/// A fault in a tokenizer's file or stored form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenizerError {
    /// What was being read: a file's usual name, or a kind of tokenizer.
    pub file: &'static str,
    /// Where in it: a line, a token, a byte offset.
    pub place: String,
    /// What is wrong there, and what would be right.
    pub reason: String,
}

impl TokenizerError {
    pub(super) fn new(file: &'static str, place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { file, place: place.into(), reason: reason.into() }
    }
}

impl fmt::Display for TokenizerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}: {}", self.file, self.place, self.reason)
    }
}

impl core::error::Error for TokenizerError {}
