//! The transformer's body: token ids to the last norm's output, and gradients back.

use crate::attention::{self, Heads};
use crate::norm::{self, bias_backward};
use crate::product::{Matrix, Start, gemm};
use crate::threads::Parts;
use crate::weights::{Pair, Weights};
use crate::{Cpu, activation};
use alloc::vec::Vec;
use core::ops::Range;
use rlhf_core::{Dropout, Ragged, Site};

/// What a pass keeps of one layer. Matrices have a row for each token.
#[derive(Default)]
struct LayerTrace {
    /// The residual stream before the layer.
    x: Vec<f32>,
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
    activated: Vec<f32>,
}

/// What a pass keeps, reused from pass to pass.
#[derive(Default)]
pub(crate) struct Trace {
    layers: Vec<LayerTrace>,
    positions: Vec<u32>,
    spans: Vec<Range<usize>>,
    last: Vec<f32>,
    last_statistics: Vec<f32>,
    /// The last norm's output, `[tokens, width]`.
    pub(crate) out: Vec<f32>,
    /// Its gradient, filled in by the heads, `[tokens, width]`.
    pub(crate) d_out: Vec<f32>,
}

/// Makes a buffer `len` long for a pass that writes all of it.
fn size(buffer: &mut Vec<f32>, len: usize) -> &mut [f32] {
    buffer.resize(len, 0.0);
    buffer
}

impl Trace {
    /// Runs the network. `keep` keeps what [`Self::backward`] needs.
    pub(crate) fn forward(
        &mut self,
        cpu: &Cpu,
        weights: &Weights,
        sequences: Ragged<'_>,
        keep: bool,
        dropout: Option<Dropout>,
    ) {
        let (a, layout) = (&weights.architecture, &weights.layout);
        let (tokens, width) = (sequences.tokens().len(), a.width);
        let heads = Heads::of(a);
        self.spans.clear();
        self.positions.clear();
        for (_, span) in sequences.sequences() {
            self.positions.extend(0..span.len() as u32);
            self.spans.push(span);
        }
        self.layers.resize_with(if keep { a.layers } else { 1 }, LayerTrace::default);
        let mut next = core::mem::take(&mut self.last);
        embed(cpu, weights, sequences.tokens(), &self.positions, size(&mut next, tokens * width));
        self.drop_out(cpu, dropout, Site::Embedding, &mut next, width);
        for (n, layer) in layout.layers.iter().enumerate() {
            let mut t = core::mem::take(&mut self.layers[if keep { n } else { 0 }]);
            core::mem::swap(&mut t.x, &mut next);
            norm::forward(
                cpu,
                weights.norm(&layer.attention_norm),
                &t.x,
                size(&mut t.attention_in, tokens * width),
                size(&mut t.attention_statistics, tokens * 2),
            );
            linear(cpu, weights, &layer.qkv, &t.attention_in, width, size(&mut t.qkv, tokens * a.qkv()));
            weights.rope.rotate(cpu, &mut t.qkv, a.qkv(), a.heads + a.kv_heads, &self.positions, false);
            attention::forward(
                cpu,
                heads,
                &self.spans,
                &t.qkv,
                size(&mut t.attention, tokens * heads.out()),
                size(&mut t.log_sums, tokens * a.heads),
            );
            size(&mut t.middle, tokens * width);
            self.residual(
                cpu,
                weights,
                &layer.attention_out,
                &t.attention,
                &t.x,
                dropout,
                Site::Attention { layer: n },
                &mut t.middle,
            );
            norm::forward(
                cpu,
                weights.norm(&layer.mlp_norm),
                &t.middle,
                size(&mut t.mlp_in, tokens * width),
                size(&mut t.mlp_statistics, tokens * 2),
            );
            linear(
                cpu,
                weights,
                &layer.mlp_in,
                &t.mlp_in,
                width,
                size(&mut t.hidden, tokens * a.mlp_columns()),
            );
            activation::forward(
                cpu,
                a.family,
                a.hidden,
                &t.hidden,
                size(&mut t.activated, tokens * a.hidden),
            );
            size(&mut next, tokens * width);
            self.residual(
                cpu,
                weights,
                &layer.mlp_out,
                &t.activated,
                &t.middle,
                dropout,
                Site::Mlp { layer: n },
                &mut next,
            );
            self.layers[if keep { n } else { 0 }] = t;
        }
        self.last = next;
        norm::forward(
            cpu,
            weights.norm(&layout.norm),
            &self.last,
            size(&mut self.out, tokens * width),
            size(&mut self.last_statistics, tokens * 2),
        );
        self.d_out.clear();
        if keep {
            size(&mut self.d_out, tokens * width);
        }
    }

    /// `out = x + dropout(y·W + b)`.
    fn residual(
        &self,
        cpu: &Cpu,
        weights: &Weights,
        pair: &Pair,
        y: &[f32],
        x: &[f32],
        dropout: Option<Dropout>,
        site: Site,
        out: &mut [f32],
    ) {
        let width = weights.architecture.width;
        let inner = y.len() / (x.len() / width);
        if dropout.is_some() {
            linear(cpu, weights, pair, y, inner, out);
            self.drop_out(cpu, dropout, site, out, width);
            for (out, x) in out.iter_mut().zip(x) {
                *out += x;
            }
            return;
        }
        match weights.bias(pair) {
            Some(bias) => {
                for (out, x) in out.chunks_exact_mut(width).zip(x.chunks_exact(width)) {
                    for ((out, x), b) in out.iter_mut().zip(x).zip(bias) {
                        *out = x + b;
                    }
                }
            }
            None => out.copy_from_slice(x),
        }
        let w = Matrix::rows(weights.at(&pair.first), width);
        let rows = x.len() / width;
        gemm(cpu, (rows, inner, width), Matrix::rows(y, inner), w, Start::Add, out);
    }

    fn drop_out(&self, cpu: &Cpu, dropout: Option<Dropout>, site: Site, x: &mut [f32], width: usize) {
        let Some(dropout) = dropout else { return };
        let x = Parts::new(x);
        cpu.pool().run(self.spans.len(), &|i| {
            for t in self.spans[i].clone() {
                // SAFETY: sequences are disjoint.
                let row = unsafe { x.get(t * width..(t + 1) * width) };
                dropout.apply(i, self.positions[t] as usize, site, row);
            }
        });
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
        let (a, layout) = (&weights.architecture, &weights.layout);
        let (tokens, width) = (sequences.tokens().len(), a.width);
        let heads = Heads::of(a);
        let mut dx = Vec::new();
        let mut d_branch = Vec::new();
        let mut d_wide = Vec::new();
        let mut d_hidden = Vec::new();
        let mut d_norm = Vec::new();
        size(&mut dx, tokens * width);
        norm_backward(
            cpu,
            weights,
            &layout.norm,
            &self.last,
            &self.last_statistics,
            &self.d_out,
            &mut dx,
            gradient,
        );
        for (n, layer) in layout.layers.iter().enumerate().rev() {
            let t = &self.layers[n];
            let dy = self.dropped(cpu, dropout, Site::Mlp { layer: n }, &dx, &mut d_branch, width);
            size(&mut d_wide, tokens * a.hidden);
            linear_backward(cpu, weights, &layer.mlp_out, tokens, &t.activated, dy, &mut d_wide, gradient);
            size(&mut d_hidden, tokens * a.mlp_columns());
            activation::backward(cpu, a.family, a.hidden, &t.hidden, &d_wide, &mut d_hidden);
            size(&mut d_norm, tokens * width);
            linear_backward(cpu, weights, &layer.mlp_in, tokens, &t.mlp_in, &d_hidden, &mut d_norm, gradient);
            norm_backward(
                cpu,
                weights,
                &layer.mlp_norm,
                &t.middle,
                &t.mlp_statistics,
                &d_norm,
                &mut dx,
                gradient,
            );

            let dy = self.dropped(cpu, dropout, Site::Attention { layer: n }, &dx, &mut d_branch, width);
            size(&mut d_wide, tokens * heads.out());
            linear_backward(
                cpu,
                weights,
                &layer.attention_out,
                tokens,
                &t.attention,
                dy,
                &mut d_wide,
                gradient,
            );
            size(&mut d_hidden, tokens * a.qkv());
            attention::backward(
                cpu,
                heads,
                &self.spans,
                &t.qkv,
                &t.attention,
                &t.log_sums,
                &d_wide,
                &mut d_hidden,
            );
            weights.rope.rotate(cpu, &mut d_hidden, a.qkv(), a.heads + a.kv_heads, &self.positions, true);
            linear_backward(
                cpu,
                weights,
                &layer.qkv,
                tokens,
                &t.attention_in,
                &d_hidden,
                &mut d_norm,
                gradient,
            );
            norm_backward(
                cpu,
                weights,
                &layer.attention_norm,
                &t.x,
                &t.attention_statistics,
                &d_norm,
                &mut dx,
                gradient,
            );
        }
        let dx = self.dropped(cpu, dropout, Site::Embedding, &dx, &mut d_branch, width);
        embed_backward(cpu, weights, sequences.tokens(), &self.positions, dx, gradient);
    }

    /// The gradient before a dropout, from the one after it.
    fn dropped<'a>(
        &self,
        cpu: &Cpu,
        dropout: Option<Dropout>,
        site: Site,
        dx: &'a [f32],
        copy: &'a mut Vec<f32>,
        width: usize,
    ) -> &'a [f32] {
        if dropout.is_none() {
            return dx;
        }
        copy.clear();
        copy.extend_from_slice(dx);
        self.drop_out(cpu, dropout, site, copy, width);
        copy
    }
}

/// Token and position embeddings, summed.
pub(crate) fn embed(cpu: &Cpu, weights: &Weights, tokens: &[u32], positions: &[u32], out: &mut [f32]) {
    let width = weights.architecture.width;
    let embedding = weights.at(&weights.layout.embedding);
    let learned = weights.layout.positions.as_ref().map(|span| weights.at(span));
    cpu.map_rows(out, width, 64, &|rows, out| {
        for (out, t) in out.chunks_exact_mut(width).zip(rows) {
            out.copy_from_slice(&embedding[tokens[t] as usize * width..][..width]);
            if let Some(learned) = learned {
                for (x, p) in out.iter_mut().zip(&learned[positions[t] as usize * width..][..width]) {
                    *x += p;
                }
            }
        }
    });
}

fn embed_backward(
    cpu: &Cpu,
    weights: &Weights,
    tokens: &[u32],
    positions: &[u32],
    dx: &[f32],
    gradient: &mut [f32],
) {
    let width = weights.architecture.width;
    let (embedding, learned) = (weights.layout.embedding.start, weights.layout.positions.as_ref());
    let gradient = Parts::new(gradient);
    // A token may come up in any row: threads take columns, and rows keep their order.
    cpu.rows(width, 32, &|columns| {
        for (t, dx) in dx.chunks_exact(width).enumerate() {
            let to = [
                Some(embedding + tokens[t] as usize * width),
                learned.map(|span| span.start + positions[t] as usize * width),
            ];
            for to in to.into_iter().flatten() {
                // SAFETY: ranges of columns are disjoint.
                let row = unsafe { gradient.get(to + columns.start..to + columns.end) };
                for (g, d) in row.iter_mut().zip(&dx[columns.clone()]) {
                    *g += d;
                }
            }
        }
    });
}

/// `out = x·W + b`, where `x` is `inner` wide.
fn linear(cpu: &Cpu, weights: &Weights, pair: &Pair, x: &[f32], inner: usize, out: &mut [f32]) {
    let rows = x.len() / inner;
    let columns = out.len() / rows.max(1);
    let start = weights.bias(pair).map_or(Start::Zero, Start::Row);
    let w = Matrix::rows(weights.at(&pair.first), columns);
    gemm(cpu, (rows, inner, columns), Matrix::rows(x, inner), w, start, out);
}

/// `dx = dy·Wᵀ`, and adds `xᵀ·dy` and `dy`'s column sums to the gradients of `W` and `b`.
fn linear_backward(
    cpu: &Cpu,
    weights: &Weights,
    pair: &Pair,
    rows: usize,
    x: &[f32],
    dy: &[f32],
    dx: &mut [f32],
    gradient: &mut [f32],
) {
    let w = weights.at(&pair.first);
    let (inner, columns) = (x.len() / rows, dy.len() / rows);
    gemm(
        cpu,
        (rows, columns, inner),
        Matrix::rows(dy, columns),
        Matrix::rows(w, columns).transposed(),
        Start::Zero,
        dx,
    );
    gemm(
        cpu,
        (inner, rows, columns),
        Matrix::rows(x, inner).transposed(),
        Matrix::rows(dy, columns),
        Start::Add,
        &mut gradient[pair.first.clone()],
    );
    if let Some(bias) = &pair.bias {
        bias_backward(cpu, dy, &mut gradient[bias.clone()]);
    }
}
fn norm_backward(
    cpu: &Cpu,
    weights: &Weights,
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
    norm::backward(cpu, weights.norm(pair), x, statistics, dy, dx, d_gain, d_bias);
}
