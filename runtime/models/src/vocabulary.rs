//! Tokenizers in files.

use crate::ends::with_ends;
#[cfg(feature = "write")]
use crate::write_whole;
use crate::{Files, FormatError, read_at_most};
use rlhf_core::model::tokenizer::{AnyTokenizer, Bpe};
use std::path::Path;

/// The largest tokenizer file.
const MOST: u64 = 1 << 28;
/// The name of our own file in a model's folder.
const OWN: &str = "tokenizer.rlhf";
/// The first bytes of our own files: a name and the version of the format.
const MAGIC: &[u8; 8] = b"rlhftok1";
/// The names under which GPT-2's two files go around.
const GPT2: [[&str; 2]; 2] = [["vocab.json", "merges.txt"], ["encoder.json", "vocab.bpe"]];

/// Reads a tokenizer: a file of `save_tokenizer`, llama2c's `tokenizer.bin`, or a folder as
/// [`tokenizer_in`] takes it.
///
/// # Errors
/// Names the file, and the token or line that does not fit.
pub fn tokenizer(path: &Path) -> Result<AnyTokenizer, FormatError> {
    if path.is_dir() {
        return tokenizer_in(&Files::folder(path));
    }
    one_file(&read_at_most(path, MOST)?, path)
}

/// Reads the tokenizer among a model's files: `tokenizer.rlhf`, which a run leaves there, or GPT-2's two, with the
/// tokens that `added_tokens.json` adds. Which tokens begin and end a text is then said by
/// `generation_config.json`, `config.json`, `special_tokens_map.json` or `tokenizer_config.json`, the first that
/// does; otherwise `<|endoftext|>` does both.
///
/// # Errors
/// Names the file, and the token or line that does not fit.
pub fn tokenizer_in(files: &Files) -> Result<AnyTokenizer, FormatError> {
    if files.has(OWN) {
        return one_file(&files.read(OWN, MOST)?, &files.path(OWN));
    }
    let Some([vocabulary, merges]) = GPT2.iter().find(|names| names.iter().all(|name| files.has(name)))
    else {
        let reason = "want tokenizer.rlhf, vocab.json and merges.txt, or encoder.json and vocab.bpe";
        return Err(FormatError::content(&files.root(), "tokenizer", reason));
    };
    let (text, lines) = (files.text(vocabulary, MOST)?, files.text(merges, MOST)?);
    let bpe = Bpe::gpt2(&text, &lines).map_err(|error| {
        // The error knows the files by OpenAI's names.
        let file = if error.file == "vocab.bpe" { merges } else { vocabulary };
        FormatError::content(&files.path(file), error.place, error.reason)
    })?;
    let ids = serde_json::from_str(&text).map_err(|e| {
        FormatError::content(&files.path(vocabulary), format!("line {}", e.line()), e.to_string())
    })?;
    Ok(with_ends(files, &ids, bpe)?.into())
}

/// A stored tokenizer of ours, or llama2c's.
fn one_file(bytes: &[u8], path: &Path) -> Result<AnyTokenizer, FormatError> {
    match bytes.strip_prefix(MAGIC) {
        Some(stored) => postcard::from_bytes(stored)
            .map_err(|e| FormatError::content(path, "stored tokenizer", format!("it does not decode: {e}"))),
        None => Bpe::llama2c(bytes).map(Into::into).map_err(|e| FormatError::tokenizer(path, e)),
    }
}

/// Writes any tokenizer into one file, which appears whole or not at all.
///
/// # Errors
/// The system's, with the path.
#[cfg(feature = "write")]
pub fn save_tokenizer(path: &Path, tokenizer: &AnyTokenizer) -> Result<(), FormatError> {
    let stored = postcard::to_allocvec(tokenizer)
        .map_err(|e| FormatError::content(path, "tokenizer", e.to_string()))?;
    write_whole(path, &[MAGIC, stored.as_slice()].concat())
}

#[cfg(all(test, feature = "write"))]
mod tests {
    use super::*;
    use rlhf_core::model::tokenizer::{Bytes, Words};

    #[test]
    fn saved_tokenizers_come_back_and_parts_of_them_do_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokenizer.bin");
        for tokenizer in [AnyTokenizer::from(Bytes), Words::new(["a", "b"]).unwrap().into()] {
            save_tokenizer(&path, &tokenizer).unwrap();
            assert_eq!(super::tokenizer(&path).unwrap(), tokenizer);
            let whole = std::fs::read(&path).unwrap();
            for end in 0..whole.len() {
                std::fs::write(&path, &whole[..end]).unwrap();
                let error = super::tokenizer(&path).unwrap_err().to_string();
                assert!(error.contains("tokenizer.bin"), "{error}");
            }
        }
        let error = super::tokenizer(folder.path()).unwrap_err().to_string();
        assert!(
            error.ends_with("want tokenizer.rlhf, vocab.json and merges.txt, or encoder.json and vocab.bpe"),
            "{error}"
        );
    }
}
