//! The layers, for the newest tokens of sequences whose keys and values are cached.

use super::request::Request;
use crate::attention::{self, Cache, forward_cached};
use crate::embedding::embed;
use crate::product::{Matrix, Start, gemm_packed};
use crate::{Cpu, activation, norm};
use alloc::vec::Vec;
use core::ops::Range;

/// A sequence in the batch.
pub(super) struct Live {
    pub(super) prompt: usize,
    /// The number of cached tokens.
    pub(super) length: usize,
    /// `[layer][key head]`.
    pub(super) caches: Vec<Cache>,
}

/// The buffers of a step.
#[derive(Default)]
pub(super) struct Body {
    x: Vec<f32>,
    normed: Vec<f32>,
    statistics: Vec<f32>,
    qkv: Vec<f32>,
    attention: Vec<f32>,
    hidden: Vec<f32>,
    activated: Vec<f32>,
    positions: Vec<u32>,
    logits: Vec<f32>,
}

pub(super) fn size(buffer: &mut Vec<f32>, len: usize) -> &mut [f32] {
    buffer.resize(len, 0.0);
    buffer
}

impl Body {
    /// Runs each sequence's new tokens, and returns the logits after each one's last.
    pub(super) fn step(
        &mut self,
        cpu: &Cpu,
        request: &Request<'_>,
        live: &mut [Live],
        tokens: &[u32],
        spans: &[Range<usize>],
    ) -> &[f32] {
        let (weights, packed) = (request.weights, request.packed);
        let (a, layout) = (&weights.architecture, &weights.layout);
        let (rows, width, heads) = (tokens.len(), a.width, attention::heads(a));
        self.positions.clear();
        for (sequence, span) in live.iter_mut().zip(spans) {
            self.positions.extend((sequence.length..sequence.length + span.len()).map(|p| p as u32));
            sequence.length += span.len();
        }
        embed(cpu, weights, tokens, &self.positions, size(&mut self.x, rows * width));
        for (n, (layer, [qkv, attention_out, mlp_in, mlp_out])) in
            layout.layers.iter().zip(&packed.layers).enumerate()
        {
            let statistics = size(&mut self.statistics, rows * 2);
            let normed = size(&mut self.normed, rows * width);
            norm::forward(cpu, weights.norm(&layer.attention_norm), &self.x, normed, statistics);
            let start = weights.bias(&layer.qkv).map_or(Start::Zero, Start::Row);
            let out = size(&mut self.qkv, rows * a.qkv());
            gemm_packed(cpu, rows, Matrix::rows(normed, width), qkv, start, out);
            weights.rope.rotate(cpu, out, a.qkv(), a.heads + a.kv_heads, &self.positions, false);
            let span = n * a.kv_heads..(n + 1) * a.kv_heads;
            let mut caches: Vec<&mut [Cache]> =
                live.iter_mut().map(|sequence| &mut sequence.caches[span.clone()]).collect();
            let attention = size(&mut self.attention, rows * heads.out());
            forward_cached(cpu, heads, spans, &self.qkv, &mut caches, attention);
            add_bias(&mut self.x, weights.bias(&layer.attention_out));
            let attention = Matrix::rows(&self.attention, heads.out());
            gemm_packed(cpu, rows, attention, attention_out, Start::Add, &mut self.x);
            norm::forward(cpu, weights.norm(&layer.mlp_norm), &self.x, normed, statistics);
            let start = weights.bias(&layer.mlp_in).map_or(Start::Zero, Start::Row);
            let hidden = size(&mut self.hidden, rows * a.mlp_columns());
            gemm_packed(cpu, rows, Matrix::rows(normed, width), mlp_in, start, hidden);
            let activated = size(&mut self.activated, rows * a.hidden);
            activation::forward(cpu, a.family, a.hidden, hidden, activated);
            add_bias(&mut self.x, weights.bias(&layer.mlp_out));
            gemm_packed(cpu, rows, Matrix::rows(activated, a.hidden), mlp_out, Start::Add, &mut self.x);
        }
        for (i, span) in spans.iter().enumerate() {
            self.x.copy_within((span.end - 1) * width..span.end * width, i * width);
        }
        self.x.truncate(spans.len() * width);
        let normed = size(&mut self.normed, spans.len() * width);
        let statistics = size(&mut self.statistics, spans.len() * 2);
        norm::forward(cpu, weights.norm(&layout.norm), &self.x, normed, statistics);
        let logits = size(&mut self.logits, spans.len() * a.vocabulary);
        gemm_packed(cpu, spans.len(), Matrix::rows(normed, width), &packed.head, Start::Zero, logits);
        logits
    }
}

fn add_bias(x: &mut [f32], bias: Option<&[f32]>) {
    let Some(bias) = bias else { return };
    for row in x.chunks_exact_mut(bias.len()) {
        for (x, b) in row.iter_mut().zip(bias) {
            *x += b;
        }
    }
}
