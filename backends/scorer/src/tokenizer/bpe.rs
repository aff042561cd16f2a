//! Byte-pair encoding.

use super::ids::Ids;
use super::merge;
use super::words::number;
use crate::Error;
use crate::file::{Cursor, Cut};

/// The tables of a byte-pair encoding: the id of each byte, characters with ids of their own, and merges in rising order of
/// their halves.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bpe<'m> {
    cut: Cut,
    /// The bytes of the longest token.
    longest: usize,
    bytes: &'m [u8],
    chars: &'m [u8],
    merges: &'m [u8],
}

impl<'m> Bpe<'m> {
    pub(super) fn read(
        cut: Cut,
        merges: u32,
        chars: u32,
        longest: u32,
        parts: &mut Cursor<'m>,
    ) -> Result<Self, Error> {
        let size = |count: u32, each: usize| (count as usize).checked_mul(each).ok_or(Error::Header);
        Ok(Self {
            cut,
            longest: longest as usize,
            bytes: parts.take(256 * 4)?,
            chars: parts.take(size(chars, 8)?)?,
            merges: parts.take(size(merges, 16)?)?,
        })
    }

    pub(super) fn encode(
        self,
        text: &str,
        begins: bool,
        work: &mut [i32],
        ids: &mut Ids<'_>,
    ) -> Result<(), Error> {
        // No token is longer, so nothing is merged in vain.
        let most = ids.most().saturating_mul(self.longest);
        if text.len() > most {
            return Err(Error::Context {
                want: text.len().div_ceil(self.longest.max(1)),
                context: ids.most(),
            });
        }
        match self.cut {
            Cut::Prefix if begins && !text.is_empty() => {
                self.piece(core::iter::once(' ').chain(text.chars()), work, ids)
            }
            Cut::Prefix => self.piece(text.chars(), work, ids),
            Cut::Words => self.words(text, work, ids),
        }
    }

    #[cfg(feature = "gpt2")]
    fn words(self, text: &str, work: &mut [i32], ids: &mut Ids<'_>) -> Result<(), Error> {
        rlhf_core::gpt2_words(text).try_for_each(|word| self.piece(word.chars(), work, ids))
    }

    #[cfg(not(feature = "gpt2"))]
    fn words(self, _: &str, _: &mut [i32], _: &mut Ids<'_>) -> Result<(), Error> {
        Err(Error::NoGpt2)
    }

    /// Appends the ids of a piece that is not cut.
    fn piece(
        self,
        chars: impl Iterator<Item = char>,
        work: &mut [i32],
        ids: &mut Ids<'_>,
    ) -> Result<(), Error> {
        let mut piece = merge::Piece::new(work);
        for c in chars {
            match self.char(c) {
                Some(id) => piece.push(id, ids.most())?,
                None => {
                    for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                        let id = number(self.bytes, usize::from(byte)).unwrap_or(u32::MAX);
                        piece.push(id, ids.most())?;
                    }
                }
            }
        }
        piece.merge(|left, right| self.merged(left, right));
        piece.ids().try_for_each(|id| ids.push(id))
    }

    fn char(self, c: char) -> Option<u32> {
        let chars = self.chars.as_chunks::<8>().0;
        let code = |entry: &[u8; 8]| number(entry, 0).unwrap_or_default();
        let at = chars.binary_search_by_key(&u32::from(c), code).ok()?;
        number(chars.get(at)?, 1)
    }

    /// The rank and the id of a merge.
    fn merged(self, left: u32, right: u32) -> Option<(u32, u32)> {
        let merges = self.merges.as_chunks::<16>().0;
        let halves =
            |entry: &[u8; 16]| (number(entry, 0).unwrap_or_default(), number(entry, 1).unwrap_or_default());
        let entry = merges.get(merges.binary_search_by_key(&(left, right), halves).ok()?)?;
        Some((number(entry, 2)?, number(entry, 3)?))
    }
}
