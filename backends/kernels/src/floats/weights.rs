//! Weights in panels of 16 outputs.

use crate::quantized::{Error, PANEL, WeightShape, check};
use half::{bf16, f16};

/// The numbers of a matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FloatFormat {
    /// 32 bits.
    F32,
    /// 16 bits with a fraction of ten.
    F16,
    /// 16 bits with the range of f32.
    Bf16,
}

impl FloatFormat {
    /// Returns the bytes of a number.
    pub const fn bytes(self) -> usize {
        match self {
            Self::F32 => 4,
            Self::F16 | Self::Bf16 => 2,
        }
    }
}

/// Returns the bytes of a matrix. A size beyond `usize` is `usize::MAX`, which no slice has.
pub const fn float_bytes(shape: WeightShape, format: FloatFormat) -> usize {
    shape.panels().saturating_mul(panel_bytes(shape, format))
}

/// Returns the bytes of 16 rows.
const fn panel_bytes(shape: WeightShape, format: FloatFormat) -> usize {
    shape.inputs.saturating_mul(PANEL * format.bytes())
}

/// A matrix of weights in f32, f16 or bf16.
///
/// Bytes, little-endian, without alignment: for each panel of 16 rows, for each input, the 16 rows' numbers. Rows
/// beyond the last are 0.
#[derive(Clone, Copy, Debug)]
pub struct FloatWeights<'a> {
    shape: WeightShape,
    format: FloatFormat,
    bytes: &'a [u8],
}

impl<'a> FloatWeights<'a> {
    /// Takes the bytes that a [`FloatWeightsMut`] wrote.
    ///
    /// # Errors
    /// [`Error::Size`] where they are more or fewer than [`float_bytes`].
    pub fn new(shape: WeightShape, format: FloatFormat, bytes: &'a [u8]) -> Result<Self, Error> {
        check("bytes of the weights", float_bytes(shape, format), bytes.len())?;
        Ok(Self { shape, format, bytes })
    }

    /// Returns the shape.
    pub fn shape(self) -> WeightShape {
        self.shape
    }

    /// Returns the format.
    pub fn format(self) -> FloatFormat {
        self.format
    }

    /// Writes the numbers of row `row`.
    ///
    /// # Errors
    /// [`Error::Size`] where `out` is no row; [`Error::Index`] where there is no such row.
    pub fn row(self, row: usize, out: &mut [f32]) -> Result<(), Error> {
        check("weights of a row", self.shape.inputs, out.len())?;
        if row >= self.shape.outputs {
            return Err(Error::Index { name: "rows", count: self.shape.outputs, got: row });
        }
        let size = panel_bytes(self.shape, self.format);
        let panel = self.bytes.chunks_exact(size.max(1)).nth(row / PANEL).unwrap_or_default();
        for (x, numbers) in out.iter_mut().zip(panel.chunks_exact(PANEL * self.format.bytes())) {
            let number = numbers.chunks_exact(self.format.bytes()).nth(row % PANEL).unwrap_or_default();
            *x = match (self.format, number) {
                (FloatFormat::F32, &[a, b, c, d]) => f32::from_le_bytes([a, b, c, d]),
                (FloatFormat::F16, &[a, b]) => f16::from_le_bytes([a, b]).to_f32_const(),
                (FloatFormat::Bf16, &[a, b]) => bf16::from_le_bytes([a, b]).to_f32_const(),
                _ => f32::NAN,
            };
        }
        Ok(())
    }

    /// Returns the place of panel `panel`, which need not exist.
    pub(super) fn at(self, panel: usize) -> *const u8 {
        self.bytes.as_ptr().wrapping_add(panel * panel_bytes(self.shape, self.format))
    }
}

/// A matrix of weights that is being written, row by row. Rows that are not written are zeros.
#[derive(Debug)]
pub struct FloatWeightsMut<'a> {
    shape: WeightShape,
    format: FloatFormat,
    bytes: &'a mut [u8],
}

impl<'a> FloatWeightsMut<'a> {
    /// Creates a matrix of zeros in `bytes`.
    ///
    /// # Errors
    /// [`Error::Size`] where they are more or fewer than [`float_bytes`].
    pub fn new(shape: WeightShape, format: FloatFormat, bytes: &'a mut [u8]) -> Result<Self, Error> {
        check("bytes of the weights", float_bytes(shape, format), bytes.len())?;
        bytes.fill(0);
        Ok(Self { shape, format, bytes })
    }

    /// Writes a row of weights, rounded to nearest, ties to even.
    ///
    /// # Errors
    /// [`Error::Index`] and [`Error::Size`] where there is no such row; [`Error::NotFinite`] names the first weight that is
    /// infinite or none, or too large for f16.
    pub fn set(&mut self, row: usize, weights: &[f32]) -> Result<(), Error> {
        check("weights of a row", self.shape.inputs, weights.len())?;
        if row >= self.shape.outputs {
            return Err(Error::Index { name: "rows", count: self.shape.outputs, got: row });
        }
        let fits = |w: &f32| match self.format {
            FloatFormat::F32 => w.is_finite(),
            FloatFormat::F16 => f16::from_f32_const(*w).is_finite(),
            FloatFormat::Bf16 => bf16::from_f32_const(*w).is_finite(),
        };
        if let Some(column) = weights.iter().position(|w| !fits(w)) {
            return Err(Error::NotFinite { row, column });
        }
        let (format, size) = (self.format, panel_bytes(self.shape, self.format));
        let panel = self.bytes.chunks_exact_mut(size.max(1)).nth(row / PANEL).unwrap_or_default();
        for (w, numbers) in weights.iter().zip(panel.chunks_exact_mut(PANEL * format.bytes())) {
            let Some(to) = numbers.chunks_exact_mut(format.bytes()).nth(row % PANEL) else { continue };
            match format {
                FloatFormat::F32 => to.copy_from_slice(&w.to_le_bytes()),
                FloatFormat::F16 => to.copy_from_slice(&f16::from_f32_const(*w).to_le_bytes()),
                FloatFormat::Bf16 => to.copy_from_slice(&bf16::from_f32_const(*w).to_le_bytes()),
            }
        }
        Ok(())
    }

    /// Returns the matrix to multiply with.
    pub fn finish(self) -> FloatWeights<'a> {
        FloatWeights { shape: self.shape, format: self.format, bytes: self.bytes }
    }
}
