//! The state of an optimizer.

use alloc::borrow::Cow;

/// The state of an optimizer between two steps. With the weights it is all that the next step
/// depends on: a network that is put together from both learns on to the same bits.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OptimizerState<'a> {
    /// AdamW's first moments, in the order of [`Network::weights`](super::Network::weights).
    pub first: Cow<'a, [f32]>,
    /// AdamW's second moments, in the same order.
    pub second: Cow<'a, [f32]>,
    /// The weights' moving average, in the same order; empty where none is kept.
    pub average: Cow<'a, [f32]>,
    /// Steps taken.
    pub steps: u32,
}
