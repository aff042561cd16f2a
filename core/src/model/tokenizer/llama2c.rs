//! llama2.c's tokenizer file: `i32` longest token, then for each token `f32` score, `i32` length,
//! bytes; little-endian.

use super::TokenizerError;
use super::merge::Merge;
use super::parts::{Cut, LONGEST, MOST_TOKENS, Parts};
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// `<unk>`, the beginning and the end of a text.
const SPECIAL: usize = 3;
const BOS: u32 = 1;
const EOS: u32 = 2;

pub(super) fn parse(file: &[u8]) -> Result<Parts, TokenizerError> {
    let (scores, mut tokens) = read(file)?;
    let mut bytes = Vec::with_capacity(256);
    for byte in 0..=255u8 {
        let name = format!("<0x{byte:02X}>");
        let id = tokens.iter().position(|t| t == name.as_bytes()).ok_or_else(|| {
            TokenizerError::new("tokenizer.bin", format!("byte {byte:#04x}"), format!("no token {name:?}"))
        })?;
        bytes.push(id as u32);
        tokens[id] = alloc::vec![byte];
    }
    for token in tokens.iter_mut().take(SPECIAL) {
        token.clear();
    }
    let is_byte: alloc::collections::BTreeSet<u32> = bytes.iter().copied().collect();
    // Where a text is there twice the first counts. Byte tokens are a last resort and never merge.
    let mut by_text: BTreeMap<&[u8], u32> = BTreeMap::new();
    for (id, token) in (0u32..).zip(&tokens) {
        if !token.is_empty() && !is_byte.contains(&id) {
            by_text.entry(token).or_insert(id);
        }
    }
    let rank = ranks(&scores);
    let (mut merges, mut chars) = (Vec::new(), Vec::new());
    for (&text, &id) in &by_text {
        for at in 1..text.len() {
            if let (Some(&left), Some(&right)) = (by_text.get(&text[..at]), by_text.get(&text[at..])) {
                merges.push(Merge { left, right, rank: rank[id as usize], id });
            }
        }
        let mut letters = core::str::from_utf8(text).unwrap_or_default().chars();
        if let (Some(c), None) = (letters.next(), letters.next()) {
            chars.push((c, id));
        }
    }
    merges.sort_by_key(|m| (m.left, m.right));
    chars.sort();
    Ok(Parts {
        merges,
        bytes,
        chars,
        cut: Cut::Prefix,
        bos: Some(BOS),
        eos: Some(EOS),
        other_ends: Vec::new(),
        files: Default::default(),
        tokens,
    })
}

/// The scores and the texts of all tokens.
fn read(file: &[u8]) -> Result<(Vec<f32>, Vec<Vec<u8>>), TokenizerError> {
    let (mut scores, mut tokens) = (Vec::new(), Vec::new());
    let mut rest = file;
    let fault = |id: usize, rest: &[u8], reason: &str| {
        let place = format!("token {id} (byte {})", file.len() - rest.len());
        TokenizerError::new("tokenizer.bin", place, String::from(reason))
    };
    let longest = i32::from_le_bytes(take(&mut rest).ok_or_else(|| fault(0, rest, "the file is cut off"))?);
    let longest = usize::try_from(longest)
        .ok()
        .filter(|&n| n <= LONGEST)
        .ok_or_else(|| fault(0, rest, "the greatest token length must be from 0 to 1024"))?;
    while !rest.is_empty() {
        let cut = || fault(tokens.len(), rest, "the file is cut off");
        let mut ahead = rest;
        let score = f32::from_le_bytes(take(&mut ahead).ok_or_else(cut)?);
        let length = i32::from_le_bytes(take(&mut ahead).ok_or_else(cut)?);
        if !score.is_finite() {
            return Err(fault(tokens.len(), rest, "its score is not a finite number"));
        }
        // llama2.c leaves the special tokens out of the greatest length.
        let most = if tokens.len() < SPECIAL { LONGEST } else { longest.max("<0x00>".len()) };
        let length = usize::try_from(length)
            .ok()
            .filter(|&n| n <= most)
            .ok_or_else(|| fault(tokens.len(), rest, "its length is beyond the file's greatest"))?;
        if tokens.len() == MOST_TOKENS {
            return Err(fault(tokens.len(), rest, "there are more than 2^24 tokens"));
        }
        let (text, tail) = ahead.split_at_checked(length).ok_or_else(cut)?;
        scores.push(score);
        tokens.push(text.to_vec());
        rest = tail;
    }
    if tokens.len() < SPECIAL + 256 {
        return Err(fault(tokens.len(), rest, "want three special and 256 byte tokens at least"));
    }
    Ok((scores, tokens))
}

fn take(rest: &mut &[u8]) -> Option<[u8; 4]> {
    let (head, tail) = rest.split_first_chunk()?;
    *rest = tail;
    Some(*head)
}

/// 0 for the best score, 1 for the next one below; equal scores share a rank.
fn ranks(scores: &[f32]) -> Vec<u32> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]));
    let mut ranks = alloc::vec![0; scores.len()];
    for pair in order.windows(2) {
        ranks[pair[1]] = ranks[pair[0]] + u32::from(scores[pair[0]] != scores[pair[1]]);
    }
    ranks
}

#[cfg(test)]
mod tests {
    use crate::model::tokenizer::{Bpe, Tokenizer};
    use proptest::prelude::*;
    use std::format;
    use std::string::{String, ToString};
    use std::vec::Vec;

    /// Specials, bytes, and from 259 on: space, a, b, é, " a" (best), "ab".
    fn file() -> Vec<u8> {
        let mut tokens: Vec<(f32, String)> =
            ["<unk>", "\n<s>\n", "\n</s>\n"].map(|t| (0.0, t.to_string())).into();
        tokens.extend((0..=255u8).map(|b| (0.0, format!("<0x{b:02X}>"))));
        for (score, text) in [(-9.0, " "), (-9.0, "a"), (-9.0, "b"), (-9.0, "é"), (-1.0, " a"), (-2.0, "ab")]
        {
            tokens.push((score, text.to_string()));
        }
        let mut out = 7i32.to_le_bytes().to_vec();
        for (score, text) in tokens {
            out.extend(score.to_le_bytes());
            out.extend((text.len() as i32).to_le_bytes());
            out.extend(text.as_bytes());
        }
        out
    }

    #[test]
    fn a_text_that_begins_gets_a_space() {
        let t = Bpe::llama2c(&file()).unwrap();
        assert_eq!((t.vocabulary(), t.bos(), t.eos()), (265, Some(1), Some(2)));
        // " a" is better than "ab".
        assert_eq!(t.encode("abab"), [263, 261, 264]);
        assert_eq!(t.encode_continuation("abab"), [264, 264]);
        assert_eq!(t.encode("é~"), [259, 262, 3 + 0x7e]);
        assert_eq!(t.decode(&[1, 263, 261, 2]), "ab");
        assert_eq!(t.decode_continuation(&[263, 261]), " ab");
        assert!(t.encode("").is_empty());
    }

    #[test]
    fn faults_name_the_token_and_the_byte() {
        let message = |file: &[u8]| Bpe::llama2c(file).unwrap_err().to_string();
        let whole = file();
        assert_eq!(message(&whole[..2]), "tokenizer.bin, token 0 (byte 0): the file is cut off");
        assert_eq!(
            message(&whole[..whole.len() - 1]),
            format!("tokenizer.bin, token 264 (byte {}): the file is cut off", whole.len() - 10)
        );
        let mut long = whole.clone();
        long[8] = 0xff;
        long[11] = 0x7f;
        assert_eq!(
            message(&long),
            "tokenizer.bin, token 0 (byte 4): its length is beyond the file's greatest"
        );
        let mut other = whole.clone();
        let at = whole.windows(6).position(|w| w == b"<0x41>").unwrap();
        other[at + 3] = b'9';
        assert_eq!(message(&other), "tokenizer.bin, byte 0x41: no token \"<0x41>\"");
    }

    proptest! {
        #[test]
        fn texts_come_back(text in any::<String>(), near in "[ abé]{0,20}") {
            let t = Bpe::llama2c(&file()).unwrap();
            prop_assert_eq!(t.decode(&t.encode(&text)), text);
            prop_assert_eq!(t.decode(&t.encode(&near)), near.clone());
            prop_assert_eq!(t.decode_continuation(&t.encode_continuation(&near)), near);
        }

        #[test]
        fn damaged_files_are_survived(at in any::<prop::sample::Index>(), bit in 0u8..8, text: String) {
            let mut bytes = file();
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            if let Ok(t) = Bpe::llama2c(&bytes) {
                prop_assert_eq!(t.decode(&t.encode(&text)), text);
            }
        }
    }
}
