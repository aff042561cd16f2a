//! The state of learning beside the weights.

use crate::weights::Weights;
use alloc::vec::Vec;

/// The state of learning beside the weights.
pub(crate) struct Learning {
    /// The gradient, laid out as the weights; a tied head's own part follows, added at the step, so that the order of
    /// the two parts' sums does not depend on how a batch is split.
    pub gradient: Vec<f32>,
    pub first: Vec<f32>,
    pub second: Vec<f32>,
    pub average: Vec<f32>,
    pub steps: u32,
}

/// Adds a tied head's part of the gradient to the embedding's, and zeroes it.
pub(crate) fn combine_tied(weights: &Weights, gradient: &mut [f32]) {
    let (body, head) = gradient.split_at_mut(weights.layout.len);
    for (g, h) in body[weights.layout.embedding.clone()].iter_mut().zip(head) {
        *g += *h;
        *h = 0.0;
    }
}
