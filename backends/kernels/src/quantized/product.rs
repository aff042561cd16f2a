//! Products of activations and weights, one panel of outputs after the other.

use super::activations::{Activations, BLOCK_BYTES, SCALE, SCALED_SUM};
use super::dispatch::integer_kernel;
use super::error::{Error, check};
use super::four_bits::FourBitWeights;
use super::int8::Int8Weights;
use super::integers::{Integers, Rows};
use super::matrix::MatrixMut;
use super::shape::{FOUR_BIT_BLOCK, FourBitFormat, HALVES, INT8_BLOCK, PANEL, WeightShape};
use crate::isa::Processor;
use crate::lanes::Lanes;
use crate::slices::put;

impl Int8Weights<'_> {
    /// Writes to `out` the product of each row of activations and each row of weights:
    /// `scale_w · Σ_blocks scale_a · Σ_block q_w·q_a`.
    ///
    /// A block's sum is exact; blocks are added in f32, in rising order. So bits depend neither on the processor nor
    /// on what else is multiplied. Threads take a range of [`Self::panels`] and the columns of it
    /// ([`MatrixMut::split_at_column`]).
    ///
    /// # Errors
    /// [`Error::Size`] where inputs, rows or outputs are not as many on both sides.
    pub fn multiply(
        self,
        processor: Processor,
        activations: Activations<'_>,
        out: &mut MatrixMut<'_>,
    ) -> Result<(), Error> {
        check_sizes(self.shape(), activations, out)?;
        let weights = self;
        integer_kernel!(processor, int8(weights: Int8Weights<'_>, activations: Activations<'_>, out: &mut MatrixMut<'_>));
        Ok(())
    }
}

impl FourBitWeights<'_> {
    /// Writes to `out` the product of each row of activations and each row of weights:
    /// `Σ_blocks (scale_w · scale_a) · Σ_block q_w·q_a`, and with a minimum `+ minimum · (scale_a · Σ_block q_a)` for
    /// each block, where `q_w` is -8 ..= 7, and with a minimum 0 ..= 15.
    ///
    /// Exact sums and an order as in [`Int8Weights::multiply`], and so the same bits everywhere.
    ///
    /// # Errors
    /// [`Error::Size`] where inputs, rows or outputs are not as many on both sides.
    pub fn multiply(
        self,
        processor: Processor,
        activations: Activations<'_>,
        out: &mut MatrixMut<'_>,
    ) -> Result<(), Error> {
        check_sizes(self.shape(), activations, out)?;
        let weights = self;
        match self.format() {
            FourBitFormat::Scale => {
                integer_kernel!(processor, scaled(weights: FourBitWeights<'_>, activations: Activations<'_>, out: &mut MatrixMut<'_>));
            }
            FourBitFormat::ScaleAndMinimum => {
                integer_kernel!(processor, shifted(weights: FourBitWeights<'_>, activations: Activations<'_>, out: &mut MatrixMut<'_>));
            }
        }
        Ok(())
    }
}

fn check_sizes(shape: WeightShape, activations: Activations<'_>, out: &MatrixMut<'_>) -> Result<(), Error> {
    check("inputs of the activations", shape.inputs, activations.inputs())?;
    check("rows of the output", activations.rows(), out.rows())?;
    check("columns of the output", shape.outputs, out.columns())
}

/// # Safety
/// As [`Integers`]; sizes fit.
#[inline(always)]
unsafe fn int8<I: Integers>(weights: Int8Weights<'_>, activations: Activations<'_>, out: &mut MatrixMut<'_>) {
    // SAFETY: as the caller's.
    unsafe { tiles::<I, _>(Int8(weights), activations, out) }
}

/// # Safety
/// As [`Integers`]; sizes fit.
#[inline(always)]
unsafe fn scaled<I: Integers>(
    weights: FourBitWeights<'_>,
    activations: Activations<'_>,
    out: &mut MatrixMut<'_>,
) {
    // SAFETY: as the caller's.
    unsafe { tiles::<I, _>(FourBits::<false>(weights), activations, out) }
}

/// # Safety
/// As [`Integers`]; sizes fit.
#[inline(always)]
unsafe fn shifted<I: Integers>(
    weights: FourBitWeights<'_>,
    activations: Activations<'_>,
    out: &mut MatrixMut<'_>,
) {
    // SAFETY: as the caller's.
    unsafe { tiles::<I, _>(FourBits::<true>(weights), activations, out) }
}

/// A format of weights: what one panel is multiplied by.
trait Format: Copy {
    fn shape(self) -> WeightShape;
    /// Sixteen outputs of `R` rows.
    ///
    /// # Safety
    /// As [`Integers`]; the panel and the rows exist.
    unsafe fn tile<I: Integers, const R: usize>(
        self,
        panel: usize,
        rows: Rows,
    ) -> [<I::Lanes as Lanes>::V; R];
}

#[derive(Clone, Copy)]
struct Int8<'a>(Int8Weights<'a>);

impl Format for Int8<'_> {
    fn shape(self) -> WeightShape {
        self.0.shape()
    }

    #[inline(always)]
    unsafe fn tile<I: Integers, const R: usize>(
        self,
        panel: usize,
        mut rows: Rows,
    ) -> [<I::Lanes as Lanes>::V; R] {
        // SAFETY: as the caller's: a panel has a block of values for each block of the rows, then its scales.
        unsafe {
            let mut weights = self.0.at(panel);
            let mut outputs = [I::Lanes::splat(0.0); R];
            for _ in 0..self.shape().blocks() {
                let sums = I::int8::<R>(weights, rows);
                for (i, output) in outputs.iter_mut().enumerate() {
                    let scale = I::Lanes::splat(rows.number(i, SCALE));
                    *output = I::Lanes::add(*output, I::Lanes::mul(scale, sums[i]));
                }
                weights = weights.add(INT8_BLOCK);
                rows.start = rows.start.add(BLOCK_BYTES);
            }
            let scales = I::Lanes::load(weights.cast());
            outputs.map(|output| I::Lanes::mul(scales, output))
        }
    }
}

#[derive(Clone, Copy)]
struct FourBits<'a, const MINIMUM: bool>(FourBitWeights<'a>);

impl<const MINIMUM: bool> Format for FourBits<'_, MINIMUM> {
    fn shape(self) -> WeightShape {
        self.0.shape()
    }

    #[inline(always)]
    unsafe fn tile<I: Integers, const R: usize>(
        self,
        panel: usize,
        mut rows: Rows,
    ) -> [<I::Lanes as Lanes>::V; R] {
        // SAFETY: as the caller's: a panel has a block of values for each block of the rows, then their scales, then
        // their minima.
        unsafe {
            let blocks = self.shape().blocks();
            let mut weights = self.0.at(panel);
            let mut scales = weights.add(blocks * FOUR_BIT_BLOCK);
            let mut outputs = [I::Lanes::splat(0.0); R];
            for _ in 0..blocks {
                let sums = if MINIMUM {
                    I::four_bits::<R, false>(weights, rows)
                } else {
                    I::four_bits::<R, true>(weights, rows)
                };
                let scale = I::halves(scales);
                for (i, output) in outputs.iter_mut().enumerate() {
                    let both = I::Lanes::mul(scale, I::Lanes::splat(rows.number(i, SCALE)));
                    *output = I::Lanes::add(*output, I::Lanes::mul(both, sums[i]));
                }
                if MINIMUM {
                    let minimum = I::halves(scales.add(blocks * HALVES));
                    for (i, output) in outputs.iter_mut().enumerate() {
                        let sum = I::Lanes::splat(rows.number(i, SCALED_SUM));
                        *output = I::Lanes::add(*output, I::Lanes::mul(minimum, sum));
                    }
                }
                weights = weights.add(FOUR_BIT_BLOCK);
                scales = scales.add(HALVES);
                rows.start = rows.start.add(BLOCK_BYTES);
            }
            outputs
        }
    }
}

/// Multiplies panel by panel, so that one stays in the first cache for all rows.
///
/// # Safety
/// As [`Integers`]; sizes fit.
#[inline(always)]
unsafe fn tiles<I: Integers, F: Format>(weights: F, activations: Activations<'_>, out: &mut MatrixMut<'_>) {
    for panel in 0..weights.shape().panels() {
        let mut row = 0;
        while row < activations.rows() {
            let left = activations.rows() - row;
            // SAFETY: the panel and the rows are there.
            unsafe {
                row += match left.min(I::ROWS) {
                    12.. => tile::<I, F, 12>(weights, panel, activations, row, out),
                    8.. if I::ROWS >= 8 => tile::<I, F, 8>(weights, panel, activations, row, out),
                    4.. if I::ROWS >= 4 => tile::<I, F, 4>(weights, panel, activations, row, out),
                    2.. if I::ROWS >= 2 => tile::<I, F, 2>(weights, panel, activations, row, out),
                    _ => tile::<I, F, 1>(weights, panel, activations, row, out),
                };
            }
        }
    }
}

/// Multiplies a panel with `R` rows and returns their number.
///
/// # Safety
/// As [`Integers`]; sizes fit; the panel and the rows are there.
#[inline(always)]
unsafe fn tile<I: Integers, F: Format, const R: usize>(
    weights: F,
    panel: usize,
    activations: Activations<'_>,
    row: usize,
    out: &mut MatrixMut<'_>,
) -> usize {
    // SAFETY: as the caller's; a panel has outputs.
    unsafe {
        let rows = Rows { start: activations.at(row), stride: activations.stride() };
        let outputs = weights.tile::<I, R>(panel, rows);
        let column = panel * PANEL;
        for (i, output) in outputs.into_iter().enumerate() {
            put::<I::Lanes>(out.at(row + i, column), weights.shape().outputs - column, output);
        }
    }
    R
}
