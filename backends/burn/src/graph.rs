//! One forward pass that is kept until it is pulled back.

use crate::network::causal;
use crate::padded::Padded;
use crate::{BurnError, Model, Precision};
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
    precision: Precision,
}

impl Graph {
    /// Runs the body on leaves of its own, so that no later step can make them another pass's.
    pub(crate) fn new(model: &Model, padded: &Padded) -> Self {
        let (weights, layout) = (&model.weights, &model.layout);
        let leaf = |i: usize| weights[i].clone().autodiff().require_grad();
        let leaves: Vec<_> = (0..weights.len()).map(|i| (!layout.only_head(i)).then(|| leaf(i))).collect();
        let pairs = leaves.iter().zip(weights);
        let network = model.network_of(pairs.map(|(leaf, weight)| leaf.as_ref().unwrap_or(weight).clone()));
        let (tokens, positions) = (padded.tokens.clone(), padded.positions.clone());
        let output = network.body(padded.batch, tokens, positions, |_, q, k, v| causal(q, k, v));
        let hidden = output.clone().inner();
        Self { leaves, hidden, output: Some(output), precision: model.precision }
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
        let scale = self.precision.scale(&cotangent);
        let cotangent = match &scale {
            Some(scale) => cotangent / scale.clone(),
            None => cotangent,
        };
        let mut gradients = (output * cotangent.autodiff()).sum().backward();
        let mut of = |i, leaf: Tensor<2>| {
            let gradient = leaf.grad_remove(&mut gradients).ok_or_else(|| stale(i))?;
            Ok(match &scale {
                Some(scale) => gradient * scale.clone(),
                None => gradient,
            })
        };
        leaves.into_iter().enumerate().map(|(i, leaf)| leaf.map(|leaf| of(i, leaf)).transpose()).collect()
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

#[cfg(all(test, feature = "flex"))]
mod tests {
    use super::*;
    use crate::Device;
    use rlhf_core::Ragged;
    use rlhf_core::model::Architecture;

    #[test]
    fn a_graph_that_does_not_reach_its_leaves_is_stale() {
        let architecture = Architecture::gpt2(7, 8, 6, 1, 2);
        let weights: Vec<f32> = (0..architecture.parameters()).map(|i| (i as f32).sin()).collect();
        let device = Device::named("flex").unwrap();
        let model = Model::from_weights(&device, architecture, &weights).unwrap();
        let padded = model.padded(Ragged::new(&[1, 2, 3], &[3]).unwrap());
        let name = |i: usize| model.layout.tensors[i].name.clone();
        let graph = Graph::new(&model, &padded);
        let ones = graph.hidden().ones_like();
        let gradients = graph.pull(ones.clone(), name).unwrap();
        assert!(gradients.iter().all(Option::is_some));
        // What a step does to leaves that are weights at the same time.
        let mut graph = Graph::new(&model, &padded);
        let leaf = graph.leaves[2].take().unwrap();
        graph.leaves[2] = Some((leaf.inner() + 1.0).autodiff().require_grad());
        let stale = graph.pull(ones, name).unwrap_err();
        assert_eq!(stale, BurnError::Stale { tensor: "layers.0.attention_norm.gain".into() });
    }
}
