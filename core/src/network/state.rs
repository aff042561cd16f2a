//! The state of an optimizer.

use alloc::borrow::Cow;

/// The state of an optimizer between two steps. The next step depends on it and the weights alone: a network restored
/// from both continues training with bit-identical results.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OptimizerState<'a> {
    /// AdamW's first moments, in the order of [`Network::weights`](super::Network::weights).
    pub first: Cow<'a, [f32]>,
    /// AdamW's second moments, in the same order.
    pub second: Cow<'a, [f32]>,
    /// The moving average of the weights, in the same order; empty if none is kept.
    pub average: Cow<'a, [f32]>,
    /// The number of steps taken.
    pub steps: u32,
}
