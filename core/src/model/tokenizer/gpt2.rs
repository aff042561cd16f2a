//! GPT-2's two tokenizer files.

use super::TokenizerError;
use super::merge::Merge;
use super::parts::{Cut, Parts};
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

/// The character that stands for a byte in these files: itself where it prints, else one from
/// U+0100 on, in the order of the bytes.
fn alphabet() -> [char; 256] {
    let mut next = 0x100;
    core::array::from_fn(|byte| match byte {
        0x21..=0x7e | 0xa1..=0xac | 0xae..=0xff => char::from(byte as u8),
        _ => {
            next += 1;
            char::from_u32(next - 1).unwrap_or('\u{fffd}')
        }
    })
}

pub(super) fn parse(encoder: &str, merges: &str) -> Result<Parts, TokenizerError> {
    let ids: BTreeMap<String, u32> = serde_json::from_str(encoder).map_err(|e| {
        TokenizerError::new("encoder.json", format!("line {}", e.line()), format!("want token → id: {e}"))
    })?;
    let names = by_id(&ids)?;
    let alphabet = alphabet();
    let mut bytes = Vec::with_capacity(256);
    let mut tokens = vec![Vec::new(); names.len()];
    for (byte, c) in (0..=255u8).zip(alphabet) {
        let id = *ids.get(c.encode_utf8(&mut [0; 4]) as &str).ok_or_else(|| {
            TokenizerError::new(
                "encoder.json",
                format!("byte {byte:#04x}"),
                format!("there is no token {c:?}"),
            )
        })?;
        tokens[id as usize] = vec![byte];
        bytes.push(id);
    }
    let mut pairs = Vec::new();
    let lines = merges.lines().enumerate().filter(|(_, l)| !l.is_empty() && !l.starts_with("#version"));
    for (rank, (line, text)) in lines.enumerate() {
        let fault = |reason: String| TokenizerError::new("vocab.bpe", format!("line {}", line + 1), reason);
        let (left, right) =
            text.split_once(' ').ok_or_else(|| fault("want two tokens with a space between them".into()))?;
        let id = |token: &str| {
            ids.get(token).copied().ok_or_else(|| fault(format!("{token:?} is no token of encoder.json")))
        };
        let merge =
            Merge { left: id(left)?, right: id(right)?, rank: rank as u32, id: id(&[left, right].concat())? };
        let joined = [tokens[merge.left as usize].as_slice(), &tokens[merge.right as usize]].concat();
        tokens[merge.id as usize] = joined;
        pairs.push((merge, line));
    }
    pairs.sort_by_key(|(m, _)| (m.left, m.right));
    if let Some(two) = pairs.windows(2).find(|p| (p[0].0.left, p[0].0.right) == (p[1].0.left, p[1].0.right)) {
        let place = format!("line {}", two[1].1 + 1);
        return Err(TokenizerError::new("vocab.bpe", place, "the merge is there twice"));
    }
    let end = ids.get("<|endoftext|>").copied();
    let merges = pairs.into_iter().map(|(m, _)| m).collect();
    Ok(Parts {
        tokens,
        merges,
        bytes,
        chars: Vec::new(),
        cut: Cut::Words,
        bos: end,
        eos: end,
        other_ends: Vec::new(),
        files: Default::default(),
    })
}

/// The tokens by id; the ids must be 0, 1, 2, ….
fn by_id(ids: &BTreeMap<String, u32>) -> Result<Vec<&str>, TokenizerError> {
    let mut names = vec![None; ids.len()];
    for (name, &id) in ids {
        let fault =
            |reason: &str| TokenizerError::new("encoder.json", format!("token {name:?}"), reason.to_string());
        let slot =
            names.get_mut(id as usize).ok_or_else(|| fault("its id is not below the number of tokens"))?;
        if slot.replace(name.as_str()).is_some() {
            return Err(fault("its id belongs to another token too"));
        }
    }
    Ok(names.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use crate::model::tokenizer::{AnyTokenizer, Bpe, Tokenizer};
    use proptest::prelude::*;
    use std::format;
    use std::string::{String, ToString};
    use std::vec::Vec;

    /// All bytes, `he`, `Ġhe`, `<|endoftext|>`.
    fn encoder() -> String {
        let mut names: Vec<String> = super::alphabet().iter().map(char::to_string).collect();
        names.extend(["he", "Ġhe", "<|endoftext|>"].map(String::from));
        let ids = names
            .iter()
            .enumerate()
            .map(|(id, name)| format!("{}: {id}", serde_json::to_string(name).unwrap()));
        format!("{{{}}}", ids.collect::<Vec<_>>().join(", "))
    }

    const MERGES: &str = "#version: 0.2\nh e\nĠ he\n";

    #[test]
    fn merges_stay_within_words() {
        let t = Bpe::gpt2(&encoder(), MERGES).unwrap();
        assert_eq!((t.vocabulary(), t.bos(), t.eos()), (259, Some(258), Some(258)));
        assert_eq!(t.encode("he he"), [256, 257]);
        assert_eq!(t.encode("h e"), [104, 32, 101]);
        assert_eq!(t.decode(&[256, 258, 257, 999]), "he he\u{fffd}");
        assert_eq!(t.token(257), Some(&b" he"[..]));
    }

    #[test]
    fn faults_name_the_line() {
        for (merges, message) in [
            ("h e\nhe", "vocab.bpe, line 2: want two tokens with a space between them"),
            ("h e\n\nx y z", "vocab.bpe, line 3: \"y z\" is no token of encoder.json"),
            ("h e\nĠ he\nh e", "vocab.bpe, line 3: the merge is there twice"),
            ("e h", "vocab.bpe, line 1: \"eh\" is no token of encoder.json"),
        ] {
            assert_eq!(Bpe::gpt2(&encoder(), merges).unwrap_err().to_string(), message);
        }
    }

    proptest! {
        #[test]
        fn texts_come_back(text in any::<String>(), near in "[he \n']{0,20}") {
            let t = Bpe::gpt2(&encoder(), MERGES).unwrap();
            prop_assert_eq!(t.decode(&t.encode(&text)), text);
            prop_assert_eq!(t.decode(&t.encode(&near)), near);
        }

        #[test]
        fn damaged_files_are_survived(at in any::<prop::sample::Index>(), bit in 0u8..7, text: String) {
            let mut bytes = encoder().into_bytes();
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            if let Ok(t) = Bpe::gpt2(&String::from_utf8_lossy(&bytes), MERGES) {
                prop_assert_eq!(t.decode(&t.encode(&text)), text);
            }
        }

        #[test]
        fn damaged_stores_are_survived(at in any::<prop::sample::Index>(), bit in 0u8..8, text: String) {
            let t = Bpe::gpt2(&encoder(), MERGES).unwrap();
            let mut bytes = postcard::to_allocvec(&AnyTokenizer::from(t)).unwrap();
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            if let Ok(AnyTokenizer::Bpe(t)) = postcard::from_bytes(&bytes) {
                prop_assert!(t.encode(&text).iter().all(|&id| (id as usize) < t.vocabulary()));
                prop_assert_eq!(t.decode_continuation(&t.encode_continuation(&text)), text);
            }
        }
    }
}
