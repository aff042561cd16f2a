//! Text to token ids, in memory that the caller owns.

mod bpe;
mod merge;
mod words;

use crate::Error;
use crate::file::{Cursor, TokenizerHeader};
use bpe::Bpe;
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

/// The ids of a text.
pub(crate) struct Ids<'a> {
    ids: &'a mut [i32],
    len: usize,
}

impl<'a> Ids<'a> {
    /// As many as there is room for.
    pub(crate) fn new(ids: &'a mut [i32]) -> Self {
        Self { ids, len: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The greatest number of them.
    fn most(&self) -> usize {
        self.ids.len()
    }

    fn push(&mut self, id: u32) -> Result<(), Error> {
        let context = self.ids.len();
        let to = self.ids.get_mut(self.len).ok_or(Error::Context { want: self.len + 1, context })?;
        // The bits of the id: those beyond 2³¹ are in no vocabulary.
        *to = id as i32;
        self.len += 1;
        Ok(())
    }
}
