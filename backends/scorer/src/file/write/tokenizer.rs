//! Tokenizers, as tables.

use crate::file::header::{Cut, TokenizerHeader};
use alloc::vec;
use alloc::vec::Vec;
use rlhf_core::model::tokenizer::{AnyTokenizer, Tokenizer};

/// The tokens that begin and end a text.
pub(super) fn ends(tokenizer: Option<&AnyTokenizer>) -> (Option<u32>, Option<u32>) {
    tokenizer.map_or((None, None), |tokenizer| (tokenizer.bos(), tokenizer.eos()))
}

/// The sizes and the tables of a tokenizer, in the order of the file.
pub(super) fn tables(tokenizer: Option<&AnyTokenizer>) -> (TokenizerHeader, Vec<Vec<u8>>) {
    match tokenizer {
        None => (TokenizerHeader::None, Vec::new()),
        Some(AnyTokenizer::Bytes(_)) => (TokenizerHeader::Bytes, Vec::new()),
        Some(AnyTokenizer::Words(words)) => {
            let mut sorted: Vec<(&str, u32)> = words.words().iter().map(|w| w.as_str()).zip(0..).collect();
            sorted.sort_unstable();
            let text: Vec<u8> = sorted.iter().flat_map(|(word, _)| word.bytes()).collect();
            let ends = sorted.iter().scan(0, |end, (word, _)| {
                *end += word.len() as u32;
                Some(*end)
            });
            let header = TokenizerHeader::Words { words: sorted.len() as u32, bytes: text.len() as u32 };
            (header, vec![numbers(ends), numbers(sorted.iter().map(|(_, id)| *id)), text])
        }
        Some(AnyTokenizer::Bpe(bpe)) => {
            let tables = bpe.tables();
            let header = TokenizerHeader::Bpe {
                cut: if tables.words { Cut::Words } else { Cut::Prefix },
                merges: tables.merges.len() as u32,
                chars: tables.chars.len() as u32,
                longest: tables.longest as u32,
            };
            let chars = tables.chars.iter().flat_map(|(c, id)| [u32::from(*c), *id]);
            let merges = tables.merges.iter().flat_map(|m| [m.left, m.right, m.rank, m.id]);
            (header, vec![numbers(tables.bytes.iter().copied()), numbers(chars), numbers(merges)])
        }
    }
}

fn numbers(numbers: impl Iterator<Item = u32>) -> Vec<u8> {
    numbers.flat_map(u32::to_le_bytes).collect()
}
