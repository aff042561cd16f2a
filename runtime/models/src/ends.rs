//! The tokens that begin and end a text, as the files beside a model name them.

use crate::{Files, FormatError};
use rlhf_core::model::tokenizer::{Bpe, Tokenizer};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The most bytes of a file of settings.
const MOST: u64 = 1 << 20;
const CONFIG: &str = "config.json";
const GENERATION: &str = "generation_config.json";
const ADDED: &str = "added_tokens.json";
/// Files that name special tokens by their texts.
const NAMED: [&str; 2] = ["special_tokens_map.json", "tokenizer_config.json"];

/// A byte-level tokenizer with the tokens that `added_tokens.json` adds to it, which begins and ends texts as the
/// model was taught: by the ids in `generation_config.json` or `config.json`, or the texts in
/// `special_tokens_map.json` or `tokenizer_config.json`. Where none of them names any, its own ends stay.
///
/// `ids` are the vocabulary's.
pub(crate) fn with_ends(files: &Files, ids: &BTreeMap<String, u32>, bpe: Bpe) -> Result<Bpe, FormatError> {
    let added: BTreeMap<String, u32> = match object(files, ADDED)? {
        None => BTreeMap::new(),
        Some(tokens) => tokens
            .into_iter()
            .map(|(name, id)| {
                let id = id.as_u64().and_then(|id| u32::try_from(id).ok());
                let fault =
                    || FormatError::content(&files.path(ADDED), format!("token {name:?}"), "want an id");
                Ok((name.clone(), id.ok_or_else(fault)?))
            })
            .collect::<Result<_, FormatError>>()?,
    };
    let settings = Settings { files, ids, added: &added };
    let model = object(files, CONFIG)?.and_then(|config| config.get("vocab_size")?.as_u64());
    // The model's rows that the tokenizer has no text for are special tokens.
    let most = model.map_or(bpe.vocabulary(), |model| usize::try_from(model).unwrap_or(usize::MAX));
    let vocabulary = most.max(bpe.vocabulary());
    let own = [("bos", bpe.bos().into_iter().collect()), ("eos", bpe.ends())];
    let [begin, ends] = own.map(|(which, own): (_, Vec<u32>)| {
        let Some((file, ids)) = settings.find(which)? else { return Ok(own) };
        match ids.iter().find(|id| **id as usize >= vocabulary) {
            None => Ok(ids),
            Some(id) => {
                let reason = format!("token {id} is outside the vocabulary of {vocabulary}");
                Err(FormatError::content(&files.path(file), format!("{which} token"), reason))
            }
        }
    });
    let (begin, ends) = (begin?.first().copied(), ends?);
    let special =
        added.values().copied().chain(begin).chain(ends.iter().copied()).filter(|id| (*id as usize) < most);
    let count = special.map(|id| id as usize + 1).fold(bpe.vocabulary(), usize::max);
    let special = bpe.with_special(count, begin, &ends);
    special.map_err(|error| FormatError::tokenizer(&files.root(), error))
}

/// The ids in a field such as `eos_token_id`: none, one, or several, each once.
///
/// # Errors
/// The reason, where there is something else.
pub(crate) fn ids(value: Option<&Value>) -> Result<Vec<u64>, String> {
    let values = match value {
        None | Some(Value::Null) => &[][..],
        Some(Value::Array(several)) => several,
        Some(one) => core::slice::from_ref(one),
    };
    let mut ids = Vec::new();
    for value in values {
        let id = value
            .as_u64()
            .ok_or_else(|| format!("want a token's id, a list of them or null, not {value}"))?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Ok(ids)
}

/// A file that holds one JSON object, where there is one.
fn object(files: &Files, name: &str) -> Result<Option<Map<String, Value>>, FormatError> {
    if !files.has(name) {
        return Ok(None);
    }
    serde_json::from_str(&files.text(name, MOST)?).map(Some).map_err(|e| {
        FormatError::content(&files.path(name), format!("line {}", e.line()), format!("want one object: {e}"))
    })
}

struct Settings<'a> {
    files: &'a Files,
    ids: &'a BTreeMap<String, u32>,
    added: &'a BTreeMap<String, u32>,
}

impl Settings<'_> {
    /// The file that names the `bos` or `eos` tokens, and their ids, each once.
    fn find(&self, which: &str) -> Result<Option<(&'static str, Vec<u32>)>, FormatError> {
        for name in [GENERATION, CONFIG] {
            let file = object(self.files, name)?;
            let field = format!("{which}_token_id");
            let ids = ids(file.as_ref().and_then(|file| file.get(&field))).map_err(|reason| {
                FormatError::content(&self.files.path(name), format!("field {field:?}"), reason)
            })?;
            if !ids.is_empty() {
                let ids = ids.into_iter().map(|id| u32::try_from(id).unwrap_or(u32::MAX));
                return Ok(Some((name, ids.collect())));
            }
        }
        for name in NAMED {
            let file = object(self.files, name)?;
            let field = file.as_ref().and_then(|file| file.get(&format!("{which}_token")));
            // A text, or an object with one.
            let text = field.and_then(|field| field.as_str().or_else(|| field.get("content")?.as_str()));
            let Some(text) = text else { continue };
            match self.ids.get(text).or_else(|| self.added.get(text)) {
                Some(id) => return Ok(Some((name, vec![*id]))),
                None => {
                    let reason = format!("{text:?} is no token of the vocabulary, nor of {ADDED}");
                    let place = format!("field \"{which}_token\"");
                    return Err(FormatError::content(&self.files.path(name), place, reason));
                }
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tokenizer_in;
    use rlhf_core::model::tokenizer::AnyTokenizer;
    use serde_json::json;

    /// GPT-2's alphabet, and `</s>` as token 256.
    fn vocabulary() -> String {
        let printed = |byte: u32| matches!(byte, 0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff);
        let mut next = 0x100;
        let mut ids = Map::new();
        for byte in 0..256u32 {
            let stands = if printed(byte) { byte } else { next };
            next += u32::from(!printed(byte));
            ids.insert(char::from_u32(stands).unwrap().to_string(), byte.into());
        }
        ids.insert("</s>".into(), 256.into());
        Value::Object(ids).to_string()
    }

    fn read(files: &[(&str, Value)]) -> Result<(Option<u32>, Option<u32>, usize), String> {
        let tokenizer = open(files)?;
        Ok((tokenizer.bos(), tokenizer.eos(), tokenizer.vocabulary()))
    }

    fn open(files: &[(&str, Value)]) -> Result<AnyTokenizer, String> {
        let texts = files.iter().map(|(name, value)| (*name, value.to_string().into_bytes()));
        let pair = [("vocab.json", vocabulary().into_bytes()), ("merges.txt", b"#version: 0.2\n".to_vec())];
        let files = Files::memory(texts.chain(pair));
        tokenizer_in(&files).map_err(|error| error.to_string())
    }

    #[test]
    fn the_end_of_a_text_is_what_the_first_file_says_that_does() {
        assert_eq!(read(&[]), Ok((None, None, 257)));
        assert_eq!(
            read(&[("special_tokens_map.json", json!({"eos_token": "</s>"}))]),
            Ok((None, Some(256), 257))
        );
        let object = json!({"eos_token": {"content": "</s>", "lstrip": false}});
        assert_eq!(read(&[("tokenizer_config.json", object)]), Ok((None, Some(256), 257)));
        let config =
            |eos: Value| ("config.json", json!({"vocab_size": 260, "eos_token_id": eos, "bos_token_id": 1}));
        assert_eq!(read(&[config(json!(256))]), Ok((Some(1), Some(256), 257)));
        let generation = ("generation_config.json", json!({"eos_token_id": [255, 256]}));
        assert_eq!(read(&[config(json!(256)), generation]), Ok((Some(1), Some(255), 257)));
        assert_eq!(read(&[config(Value::Null)]), Ok((Some(1), None, 257)));
        // A token that only the network knows of.
        assert_eq!(read(&[config(json!(258))]), Ok((Some(1), Some(258), 259)));
    }

    #[test]
    fn texts_end_at_each_of_several_tokens() {
        let generation = |eos: Value| [("generation_config.json", json!({ "eos_token_id": eos }))];
        assert_eq!(open(&generation(json!([255, 256, 255, 9]))).unwrap().ends(), [255, 256, 9]);
        let error = open(&generation(json!([256, 50256]))).unwrap_err();
        assert_eq!(error, "generation_config.json, eos token: token 50256 is outside the vocabulary of 257");
        for wrong in [json!(-1), json!("256"), json!(256.0), json!([256, "x"]), json!(true), json!([[256]])] {
            let error = open(&generation(wrong)).unwrap_err();
            assert!(
                error.starts_with("generation_config.json, field \"eos_token_id\": want a token's id"),
                "{error}"
            );
        }
        assert!(open(&generation(json!([]))).unwrap().ends().is_empty());
    }

    #[test]
    fn added_tokens_are_part_of_the_vocabulary() {
        let added = ("added_tokens.json", json!({"<|im_end|>": 257, "<pad>": 258}));
        let map = ("special_tokens_map.json", json!({"eos_token": "<|im_end|>"}));
        let config = ("config.json", json!({"vocab_size": 259}));
        assert_eq!(read(&[added, map, config]), Ok((None, Some(257), 259)));
    }

    #[test]
    fn ends_outside_the_vocabulary_are_refused_by_file() {
        let config = ("config.json", json!({"vocab_size": 257, "eos_token_id": 50256}));
        let error = read(&[config]).unwrap_err();
        assert_eq!(error, "config.json, eos token: token 50256 is outside the vocabulary of 257");
        let error = read(&[("special_tokens_map.json", json!({"eos_token": "<end>"}))]).unwrap_err();
        assert!(
            error.starts_with("special_tokens_map.json, field \"eos_token\": \"<end>\" is no token"),
            "{error}"
        );
        assert!(
            read(&[("added_tokens.json", json!({"x": -1}))]).unwrap_err().contains("token \"x\": want an id")
        );
    }

    #[test]
    fn byte_order_marks_are_no_part_of_a_text() {
        let files = [("vocab.json", format!("\u{feff}{}", vocabulary())), ("merges.txt", "\u{feff}".into())];
        let files = Files::memory(files.map(|(name, text): (_, String)| (name, text.into_bytes())));
        assert_eq!(tokenizer_in(&files).unwrap().vocabulary(), 257);
    }
}
