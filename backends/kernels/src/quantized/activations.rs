//! Activations in int8, with an f32 scale for each block of 32.

use super::error::{Error, check};
use super::shape::BLOCK;
use crate::dispatch::kernel;
use crate::isa::Processor;
use crate::lanes::{Lanes, WIDTH};
use crate::slices::get;
use core::ops::Range;

/// Bytes of a block: its 32 values, then four numbers of four bytes.
pub(super) const BLOCK_BYTES: usize = BLOCK + 16;
/// Where a block has its scale, an f32.
pub(super) const SCALE: usize = BLOCK;
/// Where it has the sum of its values times its scale, an f32.
pub(super) const SCALED_SUM: usize = BLOCK + 4;
/// Where it has -8 times the sum of its values, an i32: what sums begin with whose weights are stored 8 too large.
pub(super) const FROM_8: usize = BLOCK + 8;
/// The same for weights that are 128 too large.
pub(super) const FROM_128: usize = BLOCK + 12;

/// A block whose largest number is below it counts as zeros: its scale would be subnormal.
const SMALLEST: f32 = 1.5e-36;

/// Rows of activations in int8: `x ≈ scale·q`, with `q` in -127 ..= 127 and `scale = max|x| / 127` over a block of 32.
///
/// Values are rounded to nearest, ties to even. A block whose numbers are all below 1.5e-36 is zeros. Bits are the same
/// on every processor. The numbers of a row beyond the last are 0.
#[derive(Clone, Copy, Debug)]
pub struct Activations<'a> {
    rows: usize,
    inputs: usize,
    bytes: &'a [u8],
}

impl<'a> Activations<'a> {
    /// Returns the bytes that `rows` rows of `inputs` numbers take. A size beyond `usize` is `usize::MAX`, which no
    /// slice has.
    pub const fn bytes(rows: usize, inputs: usize) -> usize {
        rows.saturating_mul(inputs.div_ceil(BLOCK).saturating_mul(BLOCK_BYTES))
    }

    /// Quantizes `rows` rows of `inputs` numbers, one row after the other, into `workspace`, which needs no alignment.
    ///
    /// # Errors
    /// [`Error::Size`] where `x` or `workspace` has another length; [`Error::NotFinite`] names the first number that
    /// is infinite or none.
    pub fn quantize(
        processor: Processor,
        rows: usize,
        inputs: usize,
        x: &[f32],
        workspace: &'a mut [u8],
    ) -> Result<Self, Error> {
        check("activations", rows.saturating_mul(inputs), x.len())?;
        check("bytes of the activations", Self::bytes(rows, inputs), workspace.len())?;
        if x.is_empty() {
            return Ok(Self { rows, inputs, bytes: workspace });
        }
        let (to, processor) = (&mut workspace[..], processor.with_vectors_of_integers());
        if kernel!(processor, quantize_rows(inputs: usize, x: &[f32], to: &mut [u8]) -> bool) {
            Ok(Self { rows, inputs, bytes: workspace })
        } else {
            let at = x.iter().position(|x| !x.is_finite()).unwrap_or(0);
            Err(Error::NotFinite { row: at / inputs.max(1), column: at % inputs.max(1) })
        }
    }

    /// Takes bytes that [`Self::quantize`] wrote, of all rows at once or of a few at a time.
    ///
    /// # Errors
    /// [`Error::Size`] where there are more or fewer.
    pub fn from_bytes(rows: usize, inputs: usize, bytes: &'a [u8]) -> Result<Self, Error> {
        check("bytes of the activations", Self::bytes(rows, inputs), bytes.len())?;
        Ok(Self { rows, inputs, bytes })
    }

    /// Returns some of its rows: those of the range that exist.
    pub fn part(self, rows: Range<usize>) -> Self {
        let end = rows.end.min(self.rows);
        let start = rows.start.min(end);
        let stride = self.stride();
        let bytes = self.bytes.get(start * stride..end * stride).unwrap_or_default();
        Self { rows: end - start, bytes, ..self }
    }

    /// Returns the number of rows.
    pub fn rows(self) -> usize {
        self.rows
    }

    /// Returns the numbers of a row.
    pub fn inputs(self) -> usize {
        self.inputs
    }

    /// Writes the numbers that stand for row `row`: `scale·q`.
    ///
    /// # Errors
    /// [`Error::Size`] where `out` is no row; [`Error::Index`] where there is no such row.
    pub fn dequantize(self, row: usize, out: &mut [f32]) -> Result<(), Error> {
        check("numbers of a row", self.inputs, out.len())?;
        if row >= self.rows {
            return Err(Error::Index { name: "rows", count: self.rows, got: row });
        }
        let mut blocks = self.part(row..row + 1).bytes.as_chunks::<BLOCK_BYTES>().0.iter();
        for (out, block) in out.chunks_mut(BLOCK).zip(&mut blocks) {
            let scale =
                f32::from_le_bytes([block[SCALE], block[SCALE + 1], block[SCALE + 2], block[SCALE + 3]]);
            for (x, &q) in out.iter_mut().zip(block) {
                *x = scale * f32::from(q as i8);
            }
        }
        Ok(())
    }

    /// Returns the distance of two rows.
    pub(super) fn stride(self) -> usize {
        Self::bytes(1, self.inputs)
    }

    /// Returns the place of row `row`, which need not exist.
    pub(super) fn at(self, row: usize) -> *const u8 {
        self.bytes.as_ptr().wrapping_add(row * self.stride())
    }
}

/// Quantizes rows of `inputs` numbers; false where one is not finite.
///
/// # Safety
/// As [`Lanes`]; `to` has [`BLOCK_BYTES`] for each block of each row.
#[inline(always)]
unsafe fn quantize_rows<L: Lanes>(inputs: usize, x: &[f32], to: &mut [u8]) -> bool {
    let mut finite = true;
    let mut blocks = to.as_chunks_mut::<BLOCK_BYTES>().0.iter_mut();
    for row in x.chunks(inputs.max(1)) {
        for (x, block) in row.chunks(BLOCK).zip(&mut blocks) {
            // SAFETY: as the caller's.
            finite &= unsafe { quantize_block::<L>(x, block) };
        }
    }
    finite
}

/// Quantizes up to 32 numbers; false where one is not finite.
///
/// # Safety
/// As [`Lanes`].
#[inline(always)]
unsafe fn quantize_block<L: Lanes>(x: &[f32], to: &mut [u8; BLOCK_BYTES]) -> bool {
    // SAFETY: a half begins within `x` or has no elements; `values` has as many as are stored. The values that are
    // converted to integers are within -127 ..= 127, for larger numbers and NaN have left before.
    unsafe {
        let zero = L::splat(0.0);
        let x = [0, 1].map(|half| {
            let n = x.len().saturating_sub(half * WIDTH);
            if n == 0 { zero } else { get::<L>(x.as_ptr().add(half * WIDTH), n) }
        });
        // x - x is 0, or NaN where x is not finite.
        let nothing = L::add(L::sub(x[0], x[0]), L::sub(x[1], x[1]));
        if L::sum(nothing) != 0.0 {
            return false;
        }
        let largest = x.map(|x| L::max(x, L::sub(zero, x)));
        let largest = L::largest(L::max(largest[0], largest[1]));
        let (scale, inverse) =
            if largest < SMALLEST { (0.0, 0.0) } else { (largest / 127.0, 127.0 / largest) };
        let rounded = x.map(|x| L::round(L::mul(x, L::splat(inverse))));
        // Whole numbers below 2²⁴: exact in f32, in any order.
        let sum = L::sum(L::add(rounded[0], rounded[1]));
        let mut values = [0.0f32; BLOCK];
        L::store(values.as_mut_ptr(), rounded[0]);
        L::store(values.as_mut_ptr().add(WIDTH), rounded[1]);
        for (to, value) in to.iter_mut().zip(values) {
            *to = value.to_int_unchecked::<i32>() as u8;
        }
        let whole = sum.to_int_unchecked::<i32>();
        to[SCALE..SCALE + 4].copy_from_slice(&scale.to_le_bytes());
        to[SCALED_SUM..SCALED_SUM + 4].copy_from_slice(&(scale * sum).to_le_bytes());
        to[FROM_8..FROM_8 + 4].copy_from_slice(&(-8 * whole).to_le_bytes());
        to[FROM_128..FROM_128 + 4].copy_from_slice(&(-128 * whole).to_le_bytes());
    }
    true
}
