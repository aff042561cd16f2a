//! Tokenizers in files.

use crate::ends::with_ends;
#[cfg(feature = "write")]
use crate::write_whole;
use crate::{Files, FormatError, read_at_most};
use rlhf_core::model::tokenizer::{AnyTokenizer, Bpe, Tokenizer};
use std::path::Path;

/// The largest tokenizer file.
const MOST: u64 = 1 << 28;
/// The name of our own file in a model's folder.
pub(crate) const OWN: &str = "tokenizer.rlhf";
/// The first bytes of our own files: a name and the version of the format.
const MAGIC: &[u8; 8] = b"rlhftok1";
/// The mark of files with several end tokens, which follow the tokenizer.
const SEVERAL: &[u8; 8] = b"rlhftok2";
/// The names under which GPT-2's two files go around, Hugging Face's first.
const GPT2: [[&str; 2]; 2] = [["vocab.json", "merges.txt"], ["encoder.json", "vocab.bpe"]];
/// Other files of a Hugging Face tokenizer, which a saved model has again.
const BESIDE: [&str; 5] = [
    "added_tokens.json",
    "special_tokens_map.json",
    "tokenizer_config.json",
    "tokenizer.json",
    "chat_template.jinja",
];

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
    let pair = GPT2.iter().find(|names| names.iter().all(|name| files.has(name)));
    if files.has(OWN) {
        return Ok(match one_file(&files.read(OWN, MOST)?, &files.path(OWN))? {
            AnyTokenizer::Bpe(bpe) => with_files(bpe, files, pair)?.into(),
            other => other,
        });
    }
    let Some([vocabulary, merges]) = pair else {
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
    Ok(with_files(with_ends(files, &ids, bpe)?, files, pair)?.into())
}

/// The tokenizer with the files of a Hugging Face tokenizer that are there, under Hugging Face's names.
fn with_files(bpe: Bpe, files: &Files, pair: Option<&[&str; 2]>) -> Result<Bpe, FormatError> {
    let Some(pair) = pair else { return Ok(bpe) };
    let beside = BESIDE.into_iter().filter(|name| files.has(name)).map(|name| (name, name));
    let all = GPT2[0].into_iter().zip(pair.iter().copied()).chain(beside);
    let all: Vec<_> = all
        .map(|(name, at)| Ok((name.to_owned(), files.read(at, MOST)?)))
        .collect::<Result<_, FormatError>>()?;
    Ok(bpe.with_files(all))
}

/// A stored tokenizer of ours, or llama2c's.
fn one_file(bytes: &[u8], path: &Path) -> Result<AnyTokenizer, FormatError> {
    let fault = |reason: String| {
        FormatError::content(path, "stored tokenizer", format!("it does not decode: {reason}"))
    };
    if let Some(stored) = bytes.strip_prefix(SEVERAL) {
        let (bpe, ends): (Bpe, Vec<u32>) = postcard::from_bytes(stored).map_err(|e| fault(e.to_string()))?;
        let (count, begin) = (bpe.vocabulary(), bpe.bos());
        return bpe.with_special(count, begin, &ends).map(Into::into).map_err(|e| fault(e.to_string()));
    }
    match bytes.strip_prefix(MAGIC) {
        Some(stored) => postcard::from_bytes(stored).map_err(|e| fault(e.to_string())),
        None => Bpe::llama2c(bytes).map(Into::into).map_err(|e| FormatError::tokenizer(path, e)),
    }
}

/// Writes a tokenizer into a model's folder: as `tokenizer.rlhf`, and, where it came from Hugging Face's files, as these again,
/// so that `AutoTokenizer` loads it.
///
/// # Errors
/// The system's, with the path.
#[cfg(feature = "write")]
pub fn save_tokenizer_in(folder: &Path, tokenizer: &AnyTokenizer) -> Result<(), FormatError> {
    if let AnyTokenizer::Bpe(bpe) = tokenizer {
        for (name, bytes) in bpe.files() {
            write_whole(&folder.join(name), bytes)?;
        }
        // Without it, the class would be that of the model's family.
        let named = |name: &str| bpe.files().iter().any(|file| file.0 == name);
        if named(GPT2[0][0]) && !named("tokenizer_config.json") && !named("tokenizer.json") {
            let class = serde_json::json!({ "tokenizer_class": "GPT2Tokenizer" });
            write_whole(&folder.join("tokenizer_config.json"), class.to_string().as_bytes())?;
        }
    }
    save_tokenizer(&folder.join(OWN), tokenizer)
}

/// Writes any tokenizer into one file, which appears whole or not at all.
///
/// # Errors
/// The system's, with the path.
#[cfg(feature = "write")]
pub fn save_tokenizer(path: &Path, tokenizer: &AnyTokenizer) -> Result<(), FormatError> {
    write_whole(path, &encode_tokenizer(path, tokenizer)?)
}

/// The bytes of a tokenizer's one file. `path` appears in errors.
pub(crate) fn encode_tokenizer(path: &Path, tokenizer: &AnyTokenizer) -> Result<Vec<u8>, FormatError> {
    let (magic, stored) = match (tokenizer, tokenizer.ends()) {
        (AnyTokenizer::Bpe(bpe), ends) if ends.len() > 1 => (SEVERAL, postcard::to_allocvec(&(bpe, ends))),
        _ => (MAGIC, postcard::to_allocvec(tokenizer)),
    };
    let stored = stored.map_err(|e| FormatError::content(path, "tokenizer", e.to_string()))?;
    Ok([magic, stored.as_slice()].concat())
}

#[cfg(all(test, feature = "write"))]
mod tests {
    use super::*;
    use rlhf_core::model::tokenizer::{Bytes, Words};

    /// GPT-2's alphabet.
    fn alphabet() -> String {
        let printed = |byte: u32| matches!(byte, 0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff);
        let mut next = 0x100;
        let ids = (0..256u32).map(|byte| {
            let stands = if printed(byte) { byte } else { next };
            next += u32::from(!printed(byte));
            (char::from_u32(stands).unwrap().to_string(), byte.into())
        });
        serde_json::Value::Object(ids.collect()).to_string()
    }

    #[test]
    fn saved_tokenizers_come_back_and_parts_of_them_do_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokenizer.bin");
        let bpe = || Bpe::gpt2(&alphabet(), "#version: 0.2\n").unwrap();
        let ends = |ends: &[u32]| bpe().with_special(258, Some(1), ends).unwrap().into();
        let words = Words::new(["a", "b"]).unwrap().into();
        for tokenizer in [AnyTokenizer::from(Bytes), words, ends(&[257]), ends(&[257, 10, 256])] {
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
