//! Dropout's masks, which `core` draws on the host and a pass multiplies by.

use crate::Device;
use crate::engine::padded::{Padded, matrix};
use crate::tensor::Tensor;
use rlhf_core::{Dropout, Site};

/// The masks of one pass.
#[derive(Clone, Copy)]
pub(crate) struct Masks<'a> {
    pub(crate) device: &'a Device,
    pub(crate) dropout: Dropout,
    pub(crate) padded: &'a Padded,
    pub(crate) width: usize,
}

impl Masks<'_> {
    /// Returns the factors of an activation at `site`, or of its gradient, `[rows, width]`. They are 1 for padding.
    pub(crate) fn at(&self, site: Site) -> Tensor<2> {
        let Self { device, dropout, padded, width } = *self;
        let mut mask = vec![1.0; padded.batch * padded.time * width];
        for &row in &padded.rows {
            let elements = &mut mask[row * width..(row + 1) * width];
            dropout.apply(row / padded.time, row % padded.time, site, elements);
        }
        matrix(device, mask, width)
    }

    /// Returns the masks of a layer's attention and of its MLP.
    pub(crate) fn of(&self, layer: usize) -> [Tensor<2>; 2] {
        [Site::Attention { layer }, Site::Mlp { layer }].map(|site| self.at(site))
    }
}
