//! Tensors that keep a graph. In this version of Burn they are of the same type as others: their device
//! says what they are.

pub(crate) use crate::engine::layer::{Part, Rotary, causal};
pub(crate) use burn_tensor::{Gradients, Tensor};

/// Makes a tensor a leaf, for which a gradient is computed.
pub(crate) fn leaf<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    x.autodiff().require_grad()
}

/// Makes a tensor a constant, for which no gradient is computed.
pub(crate) fn constant<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    x.autodiff()
}

/// Pulls `cotangent` back from `output`, whose graph is gone after that.
pub(crate) fn pull(output: Tensor<2>, cotangent: Tensor<2>) -> Gradients {
    (output * constant(cotangent)).sum().backward()
}

/// A leaf's gradient; nothing where the graph does not reach it.
pub(crate) fn gradient(of: &Tensor<2>, gradients: &mut Gradients) -> Option<Tensor<2>> {
    of.grad_remove(gradients)
}
