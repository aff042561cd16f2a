//! Tensors that keep a graph. They are of a type of their own, so that the files of a layer are here once
//! more, over that type; no pass outside this module can keep a graph.

#[path = "engine/layer/mod.rs"]
mod layer;

/// The names that a layer takes of tensors.
mod tensor {
    use crate::tensor::Engine;
    use burn_autodiff::Autodiff;
    use burn_tensor::Float;

    pub(crate) use crate::tensor::{AttentionModuleOptions, DType, attention, sigmoid, silu};

    pub(crate) type Tensor<const D: usize, K = Float> = burn_tensor::Tensor<Autodiff<Engine>, D, K>;
}

pub(crate) use burn_autodiff::grads::Gradients;
pub(crate) use layer::{Part, Rotary, causal};
pub(crate) use tensor::Tensor;

use crate::tensor as plain;

/// Makes a tensor a leaf, for which a gradient is computed.
pub(crate) fn leaf<const D: usize>(x: plain::Tensor<D>) -> Tensor<D> {
    constant(x).require_grad()
}

/// Makes a tensor a constant, for which no gradient is computed.
pub(crate) fn constant<const D: usize>(x: plain::Tensor<D>) -> Tensor<D> {
    Tensor::from_inner(x)
}

/// Pulls `cotangent` back from `output`, whose graph is gone after that.
pub(crate) fn pull(output: Tensor<2>, cotangent: plain::Tensor<2>) -> Gradients {
    (output * constant(cotangent)).sum().backward()
}

/// A leaf's gradient; nothing where the graph does not reach it.
pub(crate) fn gradient(of: &Tensor<2>, gradients: &mut Gradients) -> Option<plain::Tensor<2>> {
    of.grad_remove(gradients)
}
