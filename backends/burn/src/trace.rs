//! A forward pass that can be pulled back, layer by layer.
//!
//! What is kept of a pass is what went into each layer. A layer's graph is made from that only once its
//! cotangent is there, is pulled at once, and is gone before the next: a third more arithmetic, for which
//! no more than one layer's graph, its attention scores included, is ever held. Burn gives a graph's
//! memory back in a backward pass alone; here is no path on which there is a graph without one.

use crate::masks::Masks;
use crate::network::{Network, causal};
use crate::padded::Padded;
use crate::{BurnError, Model};
use burn_tensor::{IndexingUpdateOp, Tensor};
use core::ops::Range;
use rlhf_core::{Dropout, Site};

/// A pass through the body.
pub(crate) struct Trace<'a> {
    model: &'a Model,
    padded: &'a Padded,
    masks: Option<Masks<'a>>,
    /// What went into each layer, then into the last norm: `[rows, width]` each.
    inputs: Vec<Tensor<2>>,
    /// The last norm's output, `[rows, width]`.
    pub(crate) hidden: Tensor<2>,
}

impl<'a> Trace<'a> {
    pub(crate) fn new(model: &'a Model, padded: &'a Padded, dropout: Option<Dropout>) -> Self {
        let masks = dropout.map(|dropout| Masks { device: &model.device, dropout, padded });
        let network = Network { masks, ..model.network() };
        let turns = network.turns(padded.batch, padded.positions.clone());
        let mut x = network.embed(padded.tokens.clone(), padded.positions.clone());
        let mut inputs = Vec::with_capacity(model.architecture.layers + 1);
        for n in 0..model.architecture.layers {
            inputs.push(x.clone());
            x = network.layer(n, &turns, x, causal);
        }
        inputs.push(x.clone());
        Self { model, padded, masks, inputs, hidden: network.last(x) }
    }

    /// The network as this pass saw it.
    fn network(&self) -> Network<'a> {
        Network { masks: self.masks, ..self.model.network() }
    }

    /// The gradients of the body's tensors under `cotangent`, `[rows, width]`, the gradient of
    /// [`Self::hidden`]; zeros for tensors of the heads alone.
    ///
    /// # Errors
    /// [`BurnError::Stale`] where a graph does not reach a tensor.
    pub(crate) fn pull(mut self, cotangent: Tensor<2>) -> Result<Vec<Tensor<2>>, BurnError> {
        let layout = &self.model.layout;
        let mut gradients: Vec<_> = self.model.weights.iter().map(Tensor::zeros_like).collect();
        let mut d = cotangent;
        for n in (0..self.inputs.len()).rev() {
            let Some(x) = self.inputs.pop() else { break };
            let layer = layout.layers.get(n);
            let span = layer.map_or(layout.norm.span(), |layer| layer.span());
            let network = self.network();
            let (dx, of_span) = pull(self.model, network, span.clone(), x, d, |network, x| {
                let turns = || network.turns(self.padded.batch, self.padded.positions.clone());
                if layer.is_some() { network.layer(n, &turns(), x, causal) } else { network.last(x) }
            })?;
            gradients.splice(span, of_span);
            d = dx;
        }
        let d = self.network().drop_out(Site::Embedding, d);
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
}

/// The gradients of `x` and of the tensors of `span` through `part`, whose output has the gradient
/// `cotangent`.
fn pull(
    model: &Model,
    mut network: Network<'_>,
    span: Range<usize>,
    x: Tensor<2>,
    cotangent: Tensor<2>,
    part: impl FnOnce(&Network<'_>, Tensor<2>) -> Tensor<2>,
) -> Result<(Tensor<2>, Vec<Tensor<2>>), BurnError> {
    let x = x.autodiff().require_grad();
    let leaf = |i: usize| model.weights[i].clone().autodiff().require_grad();
    let leaves: Vec<_> = span.clone().map(leaf).collect();
    network.weights.splice(span.clone(), leaves.iter().cloned());
    let scale = model.precision.scale(&cotangent);
    let cotangent = match &scale {
        Some(scale) => cotangent / scale.clone(),
        None => cotangent,
    };
    let output = part(&network, x.clone());
    let mut gradients = (output * cotangent.autodiff()).sum().backward();
    let mut of = |leaf: Tensor<2>, i: usize| -> Result<Tensor<2>, BurnError> {
        let stale = || BurnError::Stale { tensor: model.layout.tensors[i].name.clone() };
        let gradient = leaf.grad_remove(&mut gradients).ok_or_else(stale)?;
        Ok(match &scale {
            Some(scale) => gradient * scale.clone(),
            None => gradient,
        })
    };
    let dx = of(x, span.start)?;
    let gradients: Result<_, _> = leaves.into_iter().zip(span).map(|(leaf, i)| of(leaf, i)).collect();
    Ok((dx, gradients?))
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use super::*;
    use crate::Device;
    use rlhf_core::model::Architecture;

    #[test]
    fn a_graph_that_does_not_reach_its_leaves_is_stale() {
        let architecture = Architecture::gpt2(7, 8, 6, 1, 2);
        let weights: Vec<f32> = (0..architecture.parameters()).map(|i| (i as f32).sin()).collect();
        let device = Device::named("flex").unwrap();
        let model = Model::from_weights(&device, architecture, &weights).unwrap();
        let x = Tensor::<2>::ones([3, 6], device.burn());
        let span = model.layout.norm.span();
        let (dx, gradients) =
            pull(&model, model.network(), span.clone(), x.clone(), x.clone(), |network, x| network.last(x))
                .unwrap();
        assert_eq!((dx.dims(), gradients.len()), ([3, 6], 2));
        // A pass over other tensors than those whose gradient is asked for, as after a step.
        let other = |network: &Network<'_>, x: Tensor<2>| {
            let weights = network.weights.iter().map(|w| w.clone().inner().autodiff()).collect();
            Network { weights, ..*network }.last(x)
        };
        let stale = pull(&model, model.network(), span, x.clone(), x, other).unwrap_err();
        assert_eq!(stale, BurnError::Stale { tensor: "norm.gain".into() });
    }
}
