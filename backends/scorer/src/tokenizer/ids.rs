//! The ids of a text, in memory that the caller owns.

use crate::Error;

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
    pub(super) fn most(&self) -> usize {
        self.ids.len()
    }

    pub(super) fn push(&mut self, id: u32) -> Result<(), Error> {
        let context = self.ids.len();
        let to = self.ids.get_mut(self.len).ok_or(Error::Context { want: self.len + 1, context })?;
        // The bits of the id: those beyond 2³¹ are in no vocabulary.
        *to = id as i32;
        self.len += 1;
        Ok(())
    }
}
