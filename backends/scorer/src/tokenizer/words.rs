//! A token for each word of a closed vocabulary.

use super::ids::Ids;
use crate::Error;
use crate::file::Cursor;

/// Words in rising order of their bytes: where each ends in `bytes`, and its id.
#[derive(Clone, Copy, Debug)]
pub(super) struct Words<'m> {
    ends: &'m [u8],
    ids: &'m [u8],
    bytes: &'m [u8],
}

impl<'m> Words<'m> {
    pub(super) fn read(words: u32, bytes: u32, parts: &mut Cursor<'m>) -> Result<Self, Error> {
        let numbers = (words as usize).checked_mul(4).ok_or(Error::Header)?;
        Ok(Self { ends: parts.take(numbers)?, ids: parts.take(numbers)?, bytes: parts.take(bytes as usize)? })
    }

    /// Appends the words between single spaces; those that are not known are the id after the last.
    pub(super) fn encode(self, text: &str, ids: &mut Ids<'_>) -> Result<(), Error> {
        let words = self.ids.len() / 4;
        if text.is_empty() {
            return Ok(());
        }
        text.split(' ').try_for_each(|word| ids.push(self.id(word.as_bytes()).unwrap_or(words as u32)))
    }

    fn id(self, word: &[u8]) -> Option<u32> {
        let (mut low, mut high) = (0, self.ids.len() / 4);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.word(middle)?.cmp(word) {
                core::cmp::Ordering::Less => low = middle + 1,
                core::cmp::Ordering::Greater => high = middle,
                core::cmp::Ordering::Equal => return number(self.ids, middle),
            }
        }
        None
    }

    fn word(self, at: usize) -> Option<&'m [u8]> {
        let start = if at == 0 { 0 } else { number(self.ends, at - 1)? };
        self.bytes.get(start as usize..number(self.ends, at)? as usize)
    }
}

/// Number `at` of little-endian ones.
pub(super) fn number(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.as_chunks::<4>().0.get(at).map(|bytes| u32::from_le_bytes(*bytes))
}
