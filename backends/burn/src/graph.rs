//! One forward pass that is kept until it is pulled back.

use crate::BurnError;
use crate::network::{Network, causal};
use crate::padded::Padded;
use burn_tensor::Tensor;

/// The graph of one pass through the body. Burn gives a graph's memory back in a backward pass alone, so
/// one that is dropped instead, as where an objective fails, is swept up by the backward pass of a single
/// number.
pub(crate) struct Graph {
    leaves: Vec<Option<Tensor<2>>>,
    /// What is pulled; nothing once it was.
    output: Option<Tensor<2>>,
    /// The same outside the graph.
    hidden: Tensor<2>,
}

impl Graph {
    /// Runs the body on leaves of its own, so that no later step can make them another pass's.
    pub(crate) fn new(network: Network<'_>, padded: &Padded) -> Self {
        let leaves: Vec<Option<Tensor<2>>> = network
            .weights
            .iter()
            .enumerate()
            .map(|(i, tensor)| {
                let leaf = || tensor.clone().autodiff().require_grad();
                (!network.layout.only_head(i)).then(leaf)
            })
            .collect();
        let pairs = leaves.iter().zip(network.weights);
        let weights: Vec<_> = pairs.map(|(leaf, tensor)| leaf.as_ref().unwrap_or(tensor).clone()).collect();
        let network = Network { weights: &weights, ..network };
        let (tokens, positions) = (padded.tokens.clone(), padded.positions.clone());
        let output = network.body(padded.batch, tokens, positions, |_, q, k, v| causal(q, k, v));
        Self { leaves, hidden: output.clone().inner(), output: Some(output) }
    }

    /// The body's output, `[rows, width]`, outside the graph.
    pub(crate) fn hidden(&self) -> Tensor<2> {
        self.hidden.clone()
    }

    /// The gradients of the leaves under `cotangent`, `[rows, width]`, the gradient of the output; none
    /// where a tensor belongs to a head alone. `name` names a leaf.
    ///
    /// # Errors
    /// [`BurnError::Stale`] where the graph does not reach a leaf.
    pub(crate) fn pull(
        mut self,
        cotangent: Tensor<2>,
        name: impl Fn(usize) -> String,
    ) -> Result<Vec<Option<Tensor<2>>>, BurnError> {
        let leaves = core::mem::take(&mut self.leaves);
        let stale = |i| BurnError::Stale { tensor: name(i) };
        let output = self.output.take().ok_or_else(|| stale(0))?;
        let mut gradients = (output * cotangent.autodiff()).sum().backward();
        leaves
            .into_iter()
            .enumerate()
            .map(|(i, leaf)| match leaf {
                None => Ok(None),
                Some(leaf) => leaf.grad_remove(&mut gradients).map(Some).ok_or_else(|| stale(i)),
            })
            .collect()
    }
}

impl Drop for Graph {
    fn drop(&mut self) {
        if let Some(output) = self.output.take() {
            drop(output);
            self.leaves.clear();
            let device = self.hidden.device().autodiff();
            Tensor::<1>::ones([1], &device).require_grad().sum().backward();
        }
    }
}
