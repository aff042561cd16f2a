//! The parts of a file.

use crate::maths::Floats;
use crate::matrix::{Matrix, matrix_bytes};
use crate::{Error, Family, WeightFormat};
use rlhf_kernels::quantized::WeightShape;

/// What the file's parts begin at a multiple of, and so has to the file itself.
pub const ALIGNMENT: usize = 16;

/// Bytes with those up to the next part.
pub(super) const fn aligned(bytes: usize) -> usize {
    bytes.saturating_add(ALIGNMENT - 1) & !(ALIGNMENT - 1)
}

/// The parts of a file, one after the other, each at a multiple of 16.
pub(crate) struct Cursor<'m> {
    rest: &'m [u8],
}

impl<'m> Cursor<'m> {
    pub(super) fn new(bytes: &'m [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Whether all parts were taken.
    pub(super) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Takes the next part.
    pub(crate) fn take(&mut self, bytes: usize) -> Result<&'m [u8], Error> {
        let (part, rest) = self.rest.split_at_checked(aligned(bytes)).ok_or(Error::Header)?;
        self.rest = rest;
        part.get(..bytes).ok_or(Error::Header)
    }

    pub(crate) fn floats(&mut self, numbers: usize) -> Result<Floats<'m>, Error> {
        self.take(numbers.saturating_mul(4)).map(Floats)
    }

    pub(super) fn bias(&mut self, family: Family, numbers: usize) -> Result<Option<Floats<'m>>, Error> {
        if family == Family::Gpt2 { self.floats(numbers).map(Some) } else { Ok(None) }
    }

    pub(super) fn matrix(
        &mut self,
        format: WeightFormat,
        outputs: usize,
        inputs: usize,
    ) -> Result<Matrix<'m>, Error> {
        let shape = WeightShape { outputs, inputs };
        Matrix::new(format, shape, self.take(matrix_bytes(format, shape))?)
    }
}
