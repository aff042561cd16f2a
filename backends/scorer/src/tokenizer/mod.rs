//! Text to token ids, in memory that the caller owns.

mod bpe;
mod ids;
mod merge;
mod words;

use crate::Error;
use crate::file::{Cursor, TokenizerHeader};
use bpe::Bpe;
pub(crate) use ids::Ids;
use words::Words;

/// A file's tokenizer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tokenizer<'m> {
    kind: Kind<'m>,
    bos: Option<u32>,
    eos: Option<u32>,
}

#[derive(Clone, Copy, Debug)]
enum Kind<'m> {
    None,
    Bytes,
    Words(Words<'m>),
    Bpe(Bpe<'m>),
}

impl<'m> Tokenizer<'m> {
    pub(crate) fn read(
        header: &TokenizerHeader,
        bos: Option<u32>,
        eos: Option<u32>,
        parts: &mut Cursor<'m>,
    ) -> Result<Self, Error> {
        let kind = match *header {
            TokenizerHeader::None => Kind::None,
            TokenizerHeader::Bytes => Kind::Bytes,
            TokenizerHeader::Words { words, bytes } => Kind::Words(Words::read(words, bytes, parts)?),
            TokenizerHeader::Bpe { cut, merges, chars, longest } => {
                Kind::Bpe(Bpe::read(cut, merges, chars, longest, parts)?)
            }
        };
        Ok(Self { kind, bos, eos })
    }

    /// Whether there is none.
    pub(crate) fn is_none(&self) -> bool {
        matches!(self.kind, Kind::None)
    }

    /// Appends a text as training puts it together: the token that begins one, a prompt, what follows it, and the token that
    /// ends one. `work`: memory that is free meanwhile.
    pub(crate) fn transcript(
        &self,
        prompt: Option<&str>,
        text: &str,
        work: &mut [i32],
        ids: &mut Ids<'_>,
    ) -> Result<(), Error> {
        if let Some(bos) = self.bos {
            ids.push(bos)?;
        }
        if let Some(prompt) = prompt {
            self.encode(prompt, true, work, ids)?;
        }
        self.encode(text, prompt.is_none(), work, ids)?;
        match self.eos {
            Some(eos) => ids.push(eos),
            None => Ok(()),
        }
    }

    /// Appends the ids of a text, which may begin another or go on.
    fn encode(&self, text: &str, begins: bool, work: &mut [i32], ids: &mut Ids<'_>) -> Result<(), Error> {
        match self.kind {
            Kind::None => Err(Error::NoTokenizer),
            Kind::Bytes => text.bytes().try_for_each(|byte| ids.push(u32::from(byte))),
            Kind::Words(words) => words.encode(text, ids),
            Kind::Bpe(bpe) => bpe.encode(text, begins, work, ids),
        }
    }
}
