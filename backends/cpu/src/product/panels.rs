//! Memory for packed matrices.

use alloc::vec;
use alloc::vec::Vec;

/// The bytes of a line of the caches.
const LINE: usize = 64;

/// Numbers that begin with a line: vectors of an inner loop that lay across two would be read twice.
#[derive(Default)]
pub(super) struct Panels(Vec<f32>);

impl Panels {
    /// Returns space for `len` numbers, which are old ones or 0.
    pub(super) fn room(&mut self, len: usize) -> &mut [f32] {
        let most = len + LINE / size_of::<f32>();
        if self.0.len() < most {
            self.0 = vec![0.0; most];
        }
        let first = self.first();
        &mut self.0[first..first + len]
    }

    /// Returns the numbers that [`Self::room`] lent, and some after them.
    pub(super) fn numbers(&self) -> &[f32] {
        &self.0[self.first()..]
    }

    /// The place of the first number that a line begins with.
    fn first(&self) -> usize {
        self.0.as_ptr().align_offset(LINE).min(self.0.len())
    }
}
