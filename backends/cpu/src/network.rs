//! The transformer's body: token ids to the last norm's output, and gradients back.

use crate::Cpu;
use crate::embedding::{embed, embed_backward};
use crate::layer::{Gradients, LayerTrace, Pass, norm_backward, size};
use crate::norm;
use crate::output_positions::OutputPositions;
use crate::weights::Weights;
use alloc::vec::Vec;
use core::ops::Range;
use rlhf_core::{Dropout, Ragged, Site};

/// The buffers of a pass, reused from pass to pass.
#[derive(Default)]
pub(crate) struct Trace {
    layers: Vec<LayerTrace>,
    positions: Vec<u32>,
    spans: Vec<Range<usize>>,
    /// The rows that the last layer has, where it has not all.
    outputs: Option<OutputPositions>,
    /// The residual stream after the last layer, `[outputs, width]`, and the norm's view of it.
    last: Vec<f32>,
    last_statistics: Vec<f32>,
    gathered: Vec<f32>,
    gradients: Gradients,
    /// The last norm's output, `[tokens, width]`; other rows than the outputs' are undefined.
    pub(crate) out: Vec<f32>,
    /// Its gradient, filled in by the heads, `[tokens, width]`.
    pub(crate) d_out: Vec<f32>,
}

impl Trace {
    /// Runs the network for the rows of `outputs`. `keep` keeps what [`Self::backward`] needs.
    pub(crate) fn forward(
        &mut self,
        cpu: &Cpu,
        weights: &Weights,
        sequences: Ragged<'_>,
        outputs: OutputPositions,
        keep: bool,
        dropout: Option<Dropout>,
    ) {
        let (layers, width) = (weights.architecture.layers, weights.architecture.width);
        let tokens = sequences.tokens().len();
        self.spans.clear();
        self.positions.clear();
        for (_, span) in sequences.sequences() {
            self.positions.extend(0..span.len() as u32);
            self.spans.push(span);
        }
        // Dropout's masks are drawn for whole sequences.
        self.outputs = (outputs.are_few() && dropout.is_none()).then_some(outputs);
        self.layers.resize_with(if keep { layers } else { 1 }, LayerTrace::default);
        let pass = Pass { cpu, weights, spans: &self.spans, positions: &self.positions, dropout };
        let mut next = core::mem::take(&mut self.last);
        embed(cpu, weights, sequences.tokens(), &self.positions, size(&mut next, tokens * width));
        pass.drop_out(Site::Embedding, &mut next);
        for n in 0..layers {
            let layer = &mut self.layers[if keep { n } else { 0 }];
            core::mem::swap(&mut layer.x, &mut next);
            let outputs = self.outputs.as_ref().filter(|_| n + 1 == layers);
            layer.forward(&pass, n, outputs, self.gradients.spare(), &mut next);
        }
        self.last = next;
        let rows = self.outputs.as_ref().map_or(tokens, OutputPositions::rows);
        let out = if self.outputs.is_some() { &mut self.gathered } else { &mut self.out };
        norm::forward(
            cpu,
            weights.norm(&weights.layout.norm),
            &self.last,
            size(out, rows * width),
            size(&mut self.last_statistics, rows * 2),
        );
        if let Some(outputs) = &self.outputs {
            size(&mut self.out, tokens * width);
            if cfg!(debug_assertions) {
                // So that reading any other row is noticed.
                self.out.fill(f32::NAN);
            }
            outputs.scatter(&self.gathered, width, 0..width, &mut self.out);
        }
        self.d_out.clear();
        if keep {
            size(&mut self.d_out, tokens * width);
        }
    }

    /// Adds to `gradient` what [`Self::d_out`] pulls back through the pass that was kept.
    pub(crate) fn backward(
        &mut self,
        cpu: &Cpu,
        weights: &Weights,
        sequences: Ragged<'_>,
        dropout: Option<Dropout>,
        gradient: &mut [f32],
    ) {
        let (layers, width) = (weights.architecture.layers, weights.architecture.width);
        let pass = Pass { cpu, weights, spans: &self.spans, positions: &self.positions, dropout };
        let mut d = core::mem::take(&mut self.gradients);
        let d_out = match &self.outputs {
            Some(outputs) => {
                outputs.gather(&self.d_out, width, 0..width, &mut self.gathered);
                &self.gathered
            }
            None => &self.d_out,
        };
        d.dx.clear();
        size(&mut d.dx, d_out.len());
        let statistics = &self.last_statistics;
        norm_backward(&pass, &weights.layout.norm, &self.last, statistics, d_out, &mut d.dx, gradient);
        for n in (0..layers).rev() {
            let outputs = self.outputs.as_ref().filter(|_| n + 1 == layers);
            self.layers[n].backward(&pass, n, outputs, &mut d, gradient);
        }
        let dx = pass.dropped(Site::Embedding, &d.dx, &mut d.branch);
        embed_backward(cpu, weights, sequences.tokens(), &self.positions, dx, gradient);
        self.gradients = d;
    }
}
