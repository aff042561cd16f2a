//! A forward pass that can be pulled back, layer by layer.
//!
//! The inputs of each layer are all that is kept of a pass. A layer's graph is made from that only once its
//! cotangent is there, is pulled at once, and is gone before the next: a third more arithmetic, for which
//! no more than one layer's graph, its attention scores included, is ever held. Burn gives a graph's
//! memory back in a backward pass alone; here is no path on which there is a graph without one.

use crate::engine::layer::{Rotary, causal};
use crate::engine::masks::Masks;
use crate::engine::network::Network;
use crate::engine::padded::Padded;
use crate::engine::precision::scale;
use crate::graph;
use crate::tensor::{IndexingUpdateOp, Tensor};
use crate::{EngineError, Model};
use core::ops::Range;
use rlhf_core::{Dropout, Site};

/// A pass through the body.
pub(crate) struct Trace<'a> {
    model: &'a Model,
    padded: &'a Padded,
    rotary: Rotary,
    masks: Option<Masks<'a>>,
    /// The inputs of each layer, then of the last norm: `[rows, width]` each.
    inputs: Vec<Tensor<2>>,
    /// The last norm's output, `[rows, width]`.
    pub(crate) hidden: Tensor<2>,
}

impl<'a> Trace<'a> {
    pub(crate) fn new(model: &'a Model, padded: &'a Padded, dropout: Option<Dropout>) -> Self {
        let width = model.architecture.width;
        let masks = dropout.map(|dropout| Masks { device: &model.device, dropout, padded, width });
        let network = Network { masks, ..model.network() };
        let rotary = model.rope.at(padded.batch, padded.positions.clone());
        let mut x = network.embed(padded.tokens.clone(), padded.positions.clone());
        let mut inputs = Vec::with_capacity(model.architecture.layers + 1);
        for n in 0..model.architecture.layers {
            inputs.push(x.clone());
            x = network.layer(n, &rotary, x, causal);
        }
        inputs.push(x.clone());
        Self { model, padded, rotary, masks, inputs, hidden: network.last(x) }
    }

    /// The gradients of the body's tensors under `cotangent`, `[rows, width]`, the gradient of
    /// [`Self::hidden`]; zeros for tensors of the heads alone.
    ///
    /// # Errors
    /// [`EngineError::Stale`] where a graph does not reach a tensor.
    pub(crate) fn pull(mut self, cotangent: Tensor<2>) -> Result<Vec<Tensor<2>>, EngineError> {
        let layout = &self.model.layout;
        let mut gradients: Vec<_> = self.model.weights.iter().map(Tensor::zeros_like).collect();
        let mut d = cotangent;
        for n in (0..self.inputs.len()).rev() {
            let Some(x) = self.inputs.pop() else { break };
            let layer = layout.layers.get(n);
            let span = layer.map_or(layout.norm.span(), |layer| layer.span());
            let (dx, of_span) = pull(self.model, span.clone(), x, d, |part, x| match layer {
                Some(layer) => part.layer(layer, &self.rotary(), x, self.masks(n), graph::causal),
                None => part.norm(layout.norm, x),
            })?;
            gradients.splice(span, of_span);
            d = dx;
        }
        if let Some(masks) = self.masks {
            d = d * masks.at(Site::Embedding);
        }
        let rows =
            [(Some(layout.embedding), &self.padded.tokens), (layout.positions, &self.padded.positions)];
        for (table, rows) in rows {
            if let Some(table) = table {
                let add = |g: Tensor<2>| g.select_assign(0, rows.clone(), d.clone(), IndexingUpdateOp::Add);
                gradients[table].inplace(add);
            }
        }
        Ok(gradients)
    }

    /// Returns the dropout masks of the layer's pass once more.
    fn masks(&self, layer: usize) -> Option<[graph::Tensor<2>; 2]> {
        self.masks.map(|masks| masks.of(layer).map(graph::constant))
    }

    fn rotary(&self) -> graph::Rotary {
        let Rotary { batch, time, angles } = self.rotary.clone();
        graph::Rotary { batch, time, angles: angles.map(|both| both.map(graph::constant)) }
    }
}

/// The gradients of `x` and of the tensors of `span` through `part`, whose output has the gradient
/// `cotangent`.
fn pull(
    model: &Model,
    span: Range<usize>,
    x: Tensor<2>,
    cotangent: Tensor<2>,
    part: impl FnOnce(&graph::Part<'_>, graph::Tensor<2>) -> graph::Tensor<2>,
) -> Result<(Tensor<2>, Vec<Tensor<2>>), EngineError> {
    let x = graph::leaf(x);
    let leaves: Vec<_> = model.weights[span.clone()].iter().cloned().map(graph::leaf).collect();
    let (architecture, precision) = (&*model.architecture, model.precision);
    let leaves_part = graph::Part { architecture, precision, first: span.start, weights: &leaves };
    let scale = scale(precision, &cotangent);
    let cotangent = match &scale {
        Some(scale) => cotangent / scale.clone(),
        None => cotangent,
    };
    let output = part(&leaves_part, x.clone());
    let mut gradients = graph::pull(output, cotangent);
    let mut of = |leaf: &graph::Tensor<2>, i: usize| -> Result<Tensor<2>, EngineError> {
        let stale = || EngineError::Stale { tensor: model.layout.tensors[i].name.clone() };
        let gradient = graph::gradient(leaf, &mut gradients).ok_or_else(stale)?;
        Ok(match &scale {
            Some(scale) => gradient * scale.clone(),
            None => gradient,
        })
    };
    let dx = of(&x, span.start)?;
    let gradients: Result<_, _> = leaves.iter().zip(span).map(|(leaf, i)| of(leaf, i)).collect();
    Ok((dx, gradients?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Device;
    use rlhf_core::model::Architecture;

    #[test]
    fn a_graph_that_does_not_reach_its_leaves_is_stale() {
        let architecture = Architecture::gpt2(7, 8, 6, 1, 2);
        let weights: Vec<f32> = (0..architecture.parameters()).map(|i| (i as f32).sin()).collect();
        for device in Device::processors() {
            let model = Model::from_weights(&device, architecture.clone(), &weights).unwrap();
            let x = Tensor::<2>::ones([3, 6], device.inner());
            let norm = model.layout.norm;
            let pull = |part: &dyn Fn(&graph::Part<'_>, graph::Tensor<2>) -> graph::Tensor<2>| {
                pull(&model, norm.span(), x.clone(), x.clone(), part)
            };
            let (dx, gradients) = pull(&|part, x| part.norm(norm, x)).unwrap();
            assert_eq!((dx.dims(), gradients.len()), ([3, 6], 2));
            // A pass over other tensors than those whose gradient is asked for, as after a step.
            let others: Vec<_> = model.weights[norm.span()].iter().cloned().map(graph::constant).collect();
            let stale = pull(&|part, x| graph::Part { weights: &others, ..*part }.norm(norm, x));
            assert_eq!(stale.unwrap_err(), EngineError::Stale { tensor: "norm.gain".into() });
        }
    }
}
