//! Dropout's masks, which `core` draws on the host and a pass multiplies by.

use crate::Device;
use crate::padded::{Padded, matrix};
use burn_tensor::Tensor;
use rlhf_core::{Dropout, Site};

/// The masks of one pass.
#[derive(Clone, Copy)]
pub(crate) struct Masks<'a> {
    pub(crate) device: &'a Device,
    pub(crate) dropout: Dropout,
    pub(crate) padded: &'a Padded,
}

impl Masks<'_> {
    /// `x`, `[rows, width]`, or its gradient, without what is dropped at `site`. Nothing is dropped of
    /// padding.
    pub(crate) fn apply(&self, site: Site, x: Tensor<2>) -> Tensor<2> {
        let ([rows, width], time) = (x.dims(), self.padded.time);
        let mut mask = vec![1.0; rows * width];
        for &row in &self.padded.rows {
            let elements = &mut mask[row * width..(row + 1) * width];
            self.dropout.apply(row / time, row % time, site, elements);
        }
        x * matrix(self.device, mask, width)
    }
}
