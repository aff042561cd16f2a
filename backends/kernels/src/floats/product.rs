//! Products, one panel of outputs after the other.

use super::weights::{FloatFormat, FloatWeights};
use crate::dispatch::kernel;
use crate::isa::Processor;
use crate::lanes::Lanes;
use crate::quantized::{Error, MatrixMut, PANEL, check, halves};
use crate::slices::put;

impl FloatWeights<'_> {
    /// Writes to `out` the product of each row of `x`, `[rows, inputs]`, and each row of weights.
    ///
    /// # Errors
    /// [`Error::Size`] where inputs, rows or outputs are not as many on both sides.
    pub fn multiply(self, processor: Processor, x: &[f32], out: &mut MatrixMut<'_>) -> Result<(), Error> {
        check("activations", out.rows().saturating_mul(self.shape().inputs), x.len())?;
        check("columns of the output", self.shape().outputs, out.columns())?;
        let weights = self;
        match self.format() {
            FloatFormat::F32 => {
                kernel!(processor, singles(weights: FloatWeights<'_>, x: &[f32], out: &mut MatrixMut<'_>));
            }
            FloatFormat::F16 => {
                kernel!(processor, f16s(weights: FloatWeights<'_>, x: &[f32], out: &mut MatrixMut<'_>));
            }
            FloatFormat::Bf16 => {
                kernel!(processor, bf16s(weights: FloatWeights<'_>, x: &[f32], out: &mut MatrixMut<'_>));
            }
        }
        Ok(())
    }
}

/// How sixteen weights become f32.
trait Numbers {
    const BYTES: usize;
    /// # Safety
    /// As [`Lanes`]; there are sixteen.
    unsafe fn load<L: Lanes>(p: *const u8) -> L::V;
}

struct Singles;
struct F16s;
struct Bf16s;

impl Numbers for Singles {
    const BYTES: usize = 4;
    #[inline(always)]
    unsafe fn load<L: Lanes>(p: *const u8) -> L::V {
        // SAFETY: as the caller's.
        unsafe { L::load(p.cast()) }
    }
}

impl Numbers for F16s {
    const BYTES: usize = 2;
    #[inline(always)]
    unsafe fn load<L: Lanes>(p: *const u8) -> L::V {
        // SAFETY: as the caller's. All were found to be finite when they were written, and of other bytes the product
        // is some number.
        unsafe { L::load(halves(p).as_ptr()) }
    }
}

impl Numbers for Bf16s {
    const BYTES: usize = 2;
    #[inline(always)]
    unsafe fn load<L: Lanes>(p: *const u8) -> L::V {
        // SAFETY: as the caller's.
        unsafe {
            let numbers = p.cast::<[u16; PANEL]>().read_unaligned();
            L::load(numbers.map(|bits| u32::from(bits) << 16).as_ptr().cast())
        }
    }
}

/// # Safety
/// As [`Lanes`]; sizes fit.
#[inline(always)]
unsafe fn singles<L: Lanes>(weights: FloatWeights<'_>, x: &[f32], out: &mut MatrixMut<'_>) {
    // SAFETY: as the caller's.
    unsafe { tiles::<L, Singles>(weights, x, out) }
}

/// # Safety
/// As [`Lanes`]; sizes fit.
#[inline(always)]
unsafe fn f16s<L: Lanes>(weights: FloatWeights<'_>, x: &[f32], out: &mut MatrixMut<'_>) {
    // SAFETY: as the caller's.
    unsafe { tiles::<L, F16s>(weights, x, out) }
}

/// # Safety
/// As [`Lanes`]; sizes fit.
#[inline(always)]
unsafe fn bf16s<L: Lanes>(weights: FloatWeights<'_>, x: &[f32], out: &mut MatrixMut<'_>) {
    // SAFETY: as the caller's.
    unsafe { tiles::<L, Bf16s>(weights, x, out) }
}

/// Multiplies panel by panel, so that one stays in the first cache for all rows.
///
/// # Safety
/// As [`Lanes`]; sizes fit.
#[inline(always)]
unsafe fn tiles<L: Lanes, N: Numbers>(weights: FloatWeights<'_>, x: &[f32], out: &mut MatrixMut<'_>) {
    let rows = out.rows();
    for panel in 0..weights.shape().panels() {
        let mut row = 0;
        while row < rows {
            // SAFETY: the panel and the rows are there.
            unsafe {
                row += match (rows - row).min(L::ROWS) {
                    6.. if L::ROWS >= 6 => tile::<L, N, 6>(weights, panel, x, row, out),
                    4.. if L::ROWS >= 4 => tile::<L, N, 4>(weights, panel, x, row, out),
                    2.. if L::ROWS >= 2 => tile::<L, N, 2>(weights, panel, x, row, out),
                    _ => tile::<L, N, 1>(weights, panel, x, row, out),
                };
            }
        }
    }
}

/// Multiplies a panel with `R` rows and returns their number.
///
/// # Safety
/// As [`Lanes`]; sizes fit; the panel and the rows are there.
#[inline(always)]
unsafe fn tile<L: Lanes, N: Numbers, const R: usize>(
    weights: FloatWeights<'_>,
    panel: usize,
    x: &[f32],
    row: usize,
    out: &mut MatrixMut<'_>,
) -> usize {
    let (inputs, outputs) = (weights.shape().inputs, weights.shape().outputs);
    // SAFETY: as the caller's.
    unsafe {
        let x = x.as_ptr().add(row * inputs);
        let from = weights.at(panel);
        let mut sums = [L::splat(0.0); R];
        for k in 0..inputs {
            let w = N::load::<L>(from.add(k * PANEL * N::BYTES));
            for (r, sum) in sums.iter_mut().enumerate() {
                *sum = L::fma(L::splat(*x.add(r * inputs + k)), w, *sum);
            }
        }
        let column = panel * PANEL;
        for (r, sum) in sums.into_iter().enumerate() {
            put::<L>(out.at(row + r, column), outputs - column, sum);
        }
    }
    R
}
