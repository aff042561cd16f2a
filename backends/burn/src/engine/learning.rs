//! The state of an optimizer, on the device.

use crate::tensor::Tensor;

/// Gradients, moments and averages, in the order of the weights.
pub(crate) struct Learning {
    /// The gradient; `None` where nothing has been accumulated.
    pub(crate) gradient: Option<Vec<Tensor<2>>>,
    pub(crate) first: Vec<Tensor<2>>,
    pub(crate) second: Vec<Tensor<2>>,
    pub(crate) average: Option<Vec<Tensor<2>>>,
    pub(crate) steps: u32,
}
