//! llama2.c's tokenizer file: `i32` longest token, then for each token `f32` score, `i32` length,
//! bytes; little-endian.

use super::TokenizerError;
use super::bpe::{Cut, LONGEST, MOST_TOKENS, Parts};
use super::merge::Merge;
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
    Ok(Parts { merges, bytes, chars, cut: Cut::Prefix, bos: Some(BOS), eos: Some(EOS), tokens })
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
