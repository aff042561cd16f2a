//! One layer of the transformer, forward and back. The last one computes only the rows of the output that are read,
//! except for keys and values, which those rows attend to.

use crate::attention;
use crate::linear::{
    input_gradient, linear, linear_backward, linear_columns, linear_columns_backward, linear_residual,
    weight_gradient,
};
use crate::norm::{self, bias_backward};
use crate::output_positions::OutputPositions;
use crate::product::{Matrix, Shape, Start};
use crate::threads::{ELEMENT, Parts};
use crate::weights::{Pair, Weights};
use crate::{Cpu, activation};
use alloc::vec::Vec;
use core::ops::Range;
use rlhf_core::{Dropout, Site};

/// The inputs that all layers of a pass share.
#[derive(Clone, Copy)]
pub(crate) struct Pass<'a> {
    pub(crate) cpu: &'a Cpu,
    pub(crate) weights: &'a Weights,
    /// Each sequence's rows.
    pub(crate) spans: &'a [Range<usize>],
    /// Each row's place in its sequence.
    pub(crate) positions: &'a [u32],
    pub(crate) dropout: Option<Dropout>,
}

impl Pass<'_> {
    pub(crate) fn drop_out(&self, site: Site, x: &mut [f32]) {
        let Some(dropout) = self.dropout else { return };
        let width = self.weights.architecture.width;
        // Random numbers cost more than what they are multiplied with.
        let cost = x.len() * 4 * ELEMENT;
        let x = Parts::new(x);
        self.cpu.ranges(self.spans.len(), cost, &|sequences| {
            for i in sequences {
                for t in self.spans[i].clone() {
                    // SAFETY: sequences are disjoint.
                    let row = unsafe { x.get(t * width..(t + 1) * width) };
                    dropout.apply(i, self.positions[t] as usize, site, row);
                }
            }
        });
    }

    /// The gradient before a dropout, from the one after it.
    pub(crate) fn dropped<'b>(&self, site: Site, dx: &'b [f32], copy: &'b mut Vec<f32>) -> &'b [f32] {
        if self.dropout.is_none() {
            return dx;
        }
        copy.clear();
        copy.extend_from_slice(dx);
        self.drop_out(site, copy);
        copy
    }

    /// `out = x + dropout(y·W + b)`.
    fn residual(&self, pair: &Pair, shape: Shape, y: &[f32], x: &[f32], site: Site, out: &mut [f32]) {
        if self.dropout.is_none() {
            return linear_residual(self.cpu, self.weights, pair, shape, y, x, out);
        }
        linear(self.cpu, self.weights, pair, shape, y, out);
        self.drop_out(site, out);
        for (out, x) in out.iter_mut().zip(x) {
            *out += x;
        }
    }
}

/// The part of a layer's pass that the way back needs. Matrices have a row for each token, those after attention one
/// for each row of the output.
#[derive(Default)]
pub(crate) struct LayerTrace {
    /// The residual stream before the layer.
    pub(crate) x: Vec<f32>,
    attention_in: Vec<f32>,
    attention_statistics: Vec<f32>,
    qkv: Vec<f32>,
    log_sums: Vec<f32>,
    attention: Vec<f32>,
    /// The residual stream between attention and MLP.
    middle: Vec<f32>,
    mlp_in: Vec<f32>,
    mlp_statistics: Vec<f32>,
    hidden: Vec<f32>,
    /// The rows of the output alone: attention's input, its output, and the residual stream before it.
    gathered_in: Vec<f32>,
    gathered_attention: Vec<f32>,
    gathered_x: Vec<f32>,
}

/// Gradients on their way back, reused from layer to layer.
#[derive(Default)]
pub(crate) struct Gradients {
    /// The gradient of the residual stream.
    pub(crate) dx: Vec<f32>,
    pub(crate) branch: Vec<f32>,
    wide: Vec<f32>,
    hidden: Vec<f32>,
    norm: Vec<f32>,
    gathered: Vec<f32>,
    gathered_norm: Vec<f32>,
}

impl Gradients {
    /// Returns a buffer that a pass forward may use.
    pub(crate) fn spare(&mut self) -> &mut Vec<f32> {
        &mut self.wide
    }
}

/// Makes a buffer `len` long for a pass that writes all of it.
pub(crate) fn size(buffer: &mut Vec<f32>, len: usize) -> &mut [f32] {
    buffer.resize(len, 0.0);
    buffer
}

impl LayerTrace {
    /// Runs layer `n` on [`Self::x`]; `next` is the residual stream after it, `[outputs, width]`. `activated` is
    /// room for what the pass back works out again.
    pub(crate) fn forward(
        &mut self,
        pass: &Pass<'_>,
        n: usize,
        outputs: Option<&OutputPositions>,
        activated: &mut Vec<f32>,
        next: &mut Vec<f32>,
    ) {
        let (cpu, weights) = (pass.cpu, pass.weights);
        let (a, layer) = (&weights.architecture, &weights.layout.layers[n]);
        let (tokens, width, heads) = (pass.positions.len(), a.width, attention::heads(a));
        norm::forward(
            cpu,
            weights.norm(&layer.attention_norm),
            &self.x,
            size(&mut self.attention_in, tokens * width),
            size(&mut self.attention_statistics, tokens * 2),
        );
        self.project(pass, &layer.qkv, outputs);
        weights.rope.rotate(cpu, &mut self.qkv, a.qkv(), a.heads + a.kv_heads, pass.positions, false);
        attention::forward(
            cpu,
            heads,
            pass.spans,
            outputs.map_or(pass.spans, OutputPositions::spans),
            &self.qkv,
            size(&mut self.attention, tokens * heads.out()),
            size(&mut self.log_sums, tokens * a.heads),
        );
        let rows = outputs.map_or(tokens, OutputPositions::rows);
        if let Some(outputs) = outputs {
            outputs.gather(&self.attention, heads.out(), 0..heads.out(), &mut self.gathered_attention);
            outputs.gather(&self.x, width, 0..width, &mut self.gathered_x);
        }
        let (attention, x) = match outputs {
            Some(_) => (&self.gathered_attention, &self.gathered_x),
            None => (&self.attention, &self.x),
        };
        pass.residual(
            &layer.attention_out,
            Shape { m: rows, k: heads.out(), n: width },
            attention,
            x,
            Site::Attention { layer: n },
            size(&mut self.middle, rows * width),
        );
        norm::forward(
            cpu,
            weights.norm(&layer.mlp_norm),
            &self.middle,
            size(&mut self.mlp_in, rows * width),
            size(&mut self.mlp_statistics, rows * 2),
        );
        let shape = Shape { m: rows, k: width, n: a.mlp_columns() };
        linear(cpu, weights, &layer.mlp_in, shape, &self.mlp_in, size(&mut self.hidden, rows * shape.n));
        let activated = size(activated, rows * a.hidden);
        activation::forward(cpu, a.family, a.hidden, &self.hidden, activated);
        pass.residual(
            &layer.mlp_out,
            Shape { m: rows, k: a.hidden, n: width },
            activated,
            &self.middle,
            Site::Mlp { layer: n },
            size(next, rows * width),
        );
    }

    /// Computes queries, keys and values; queries only of the rows of the output.
    fn project(&mut self, pass: &Pass<'_>, pair: &Pair, outputs: Option<&OutputPositions>) {
        let (cpu, weights, a) = (pass.cpu, pass.weights, &pass.weights.architecture);
        let (tokens, width, queries) = (pass.positions.len(), a.width, attention::heads(a).out());
        let shape = Shape { m: tokens, k: width, n: a.qkv() };
        let qkv = size(&mut self.qkv, tokens * a.qkv());
        let Some(outputs) = outputs else {
            return linear(cpu, weights, pair, shape, &self.attention_in, qkv);
        };
        let (keys, into) = (queries..a.qkv(), &mut qkv[queries..]);
        linear_columns(cpu, weights, pair, shape, keys, &self.attention_in, into, a.qkv());
        outputs.gather(&self.attention_in, width, 0..width, &mut self.gathered_in);
        // A buffer that is free until attention is done.
        let gathered = size(&mut self.gathered_attention, outputs.rows() * queries);
        let shape = Shape { m: outputs.rows(), ..shape };
        linear_columns(cpu, weights, pair, shape, 0..queries, &self.gathered_in, gathered, queries);
        outputs.scatter(gathered, a.qkv(), 0..queries, qkv);
    }

    /// Takes the gradient of the residual stream from after layer `n`, `[outputs, width]`, to before it, and
    /// adds to that of the weights.
    pub(crate) fn backward(
        &self,
        pass: &Pass<'_>,
        n: usize,
        outputs: Option<&OutputPositions>,
        d: &mut Gradients,
        gradient: &mut [f32],
    ) {
        let (cpu, weights) = (pass.cpu, pass.weights);
        let (a, layer) = (&weights.architecture, &weights.layout.layers[n]);
        let (tokens, width, heads) = (pass.positions.len(), a.width, attention::heads(a));
        let rows = outputs.map_or(tokens, OutputPositions::rows);

        let dy = pass.dropped(Site::Mlp { layer: n }, &d.dx, &mut d.branch);
        let shape = Shape { m: rows, k: a.hidden, n: width };
        let d_activated = size(&mut d.wide, rows * a.hidden);
        let (all, pair) = (0..width, &layer.mlp_out);
        let d_out = Matrix::rows(dy, width);
        input_gradient(cpu, weights, pair, shape, all.clone(), d_out, Start::Zero, d_activated);
        let d_hidden = size(&mut d.hidden, rows * a.mlp_columns());
        activation::backward(cpu, a.family, a.hidden, &self.hidden, d_activated, d_hidden);
        let activated = d_activated;
        weight_gradient(cpu, pair, shape, all, activated, d_out, gradient);
        if let Some(bias) = &pair.bias {
            bias_backward(cpu, dy, &mut gradient[bias.clone()]);
        }
        let shape = Shape { m: rows, k: width, n: a.mlp_columns() };
        let d_norm = size(&mut d.norm, rows * width);
        linear_backward(cpu, weights, &layer.mlp_in, shape, &self.mlp_in, d_hidden, d_norm, gradient);
        let statistics = &self.mlp_statistics;
        norm_backward(pass, &layer.mlp_norm, &self.middle, statistics, d_norm, &mut d.dx, gradient);

        let dy = pass.dropped(Site::Attention { layer: n }, &d.dx, &mut d.branch);
        let shape = Shape { m: rows, k: heads.out(), n: width };
        let attention = if outputs.is_some() { &self.gathered_attention } else { &self.attention };
        let d_attention = size(&mut d.wide, rows * heads.out());
        linear_backward(cpu, weights, &layer.attention_out, shape, attention, dy, d_attention, gradient);
        if let Some(outputs) = outputs {
            core::mem::swap(&mut d.gathered, &mut d.wide);
            outputs.scatter(
                &d.gathered,
                heads.out(),
                0..heads.out(),
                size(&mut d.wide, tokens * heads.out()),
            );
            // The stream's gradient has no other rows yet.
            core::mem::swap(&mut d.gathered, &mut d.dx);
            d.dx.clear();
            outputs.scatter(&d.gathered, width, 0..width, size(&mut d.dx, tokens * width));
        }
        let d_qkv = size(&mut d.hidden, tokens * a.qkv());
        attention::backward(
            cpu,
            heads,
            pass.spans,
            outputs.map_or(pass.spans, OutputPositions::spans),
            &self.qkv,
            &self.attention,
            &self.log_sums,
            &d.wide,
            d_qkv,
        );
        weights.rope.rotate(cpu, d_qkv, a.qkv(), a.heads + a.kv_heads, pass.positions, true);
        self.project_backward(pass, &layer.qkv, outputs, d, gradient);
        let statistics = &self.attention_statistics;
        norm_backward(pass, &layer.attention_norm, &self.x, statistics, &d.norm, &mut d.dx, gradient);
    }

    /// [`Self::project`]'s gradient, from that of queries, keys and values.
    fn project_backward(
        &self,
        pass: &Pass<'_>,
        pair: &Pair,
        outputs: Option<&OutputPositions>,
        d: &mut Gradients,
        gradient: &mut [f32],
    ) {
        let (cpu, weights, a) = (pass.cpu, pass.weights, &pass.weights.architecture);
        let (tokens, width, queries) = (pass.positions.len(), a.width, attention::heads(a).out());
        let shape = Shape { m: tokens, k: width, n: a.qkv() };
        let (d_qkv, d_norm) = (&d.hidden[..], size(&mut d.norm, tokens * width));
        let Some(outputs) = outputs else {
            return linear_backward(cpu, weights, pair, shape, &self.attention_in, d_qkv, d_norm, gradient);
        };
        // Queries first, as in the sum over all columns.
        outputs.gather(d_qkv, a.qkv(), 0..queries, &mut d.gathered);
        linear_columns_backward(
            cpu,
            weights,
            pair,
            Shape { m: outputs.rows(), ..shape },
            0..queries,
            &self.gathered_in,
            Matrix::rows(&d.gathered, queries),
            Start::Zero,
            size(&mut d.gathered_norm, outputs.rows() * width),
            gradient,
        );
        d_norm.fill(0.0);
        outputs.scatter(&d.gathered_norm, width, 0..width, d_norm);
        linear_columns_backward(
            cpu,
            weights,
            pair,
            shape,
            queries..a.qkv(),
            &self.attention_in,
            Matrix::rows(&d_qkv[queries..], a.qkv()),
            Start::Add,
            d_norm,
            gradient,
        );
        if let Some(bias) = &pair.bias {
            bias_backward(cpu, d_qkv, &mut gradient[bias.clone()]);
        }
    }
}

/// Adds the gradient through a norm to `dx`, and to that of its parameters.
pub(crate) fn norm_backward(
    pass: &Pass<'_>,
    pair: &Pair,
    x: &[f32],
    statistics: &[f32],
    dy: &[f32],
    dx: &mut [f32],
    gradient: &mut [f32],
) {
    let (d_gain, d_bias) = match &pair.bias {
        // A norm's bias follows its gain.
        Some(bias) => {
            let (gain, rest) = gradient[pair.first.start..bias.end].split_at_mut(pair.first.len());
            (gain, Some(rest))
        }
        None => (&mut gradient[pair.first.clone()], None),
    };
    norm::backward(pass.cpu, pass.weights.norm(pair), x, statistics, dy, dx, d_gain, d_bias);
}
