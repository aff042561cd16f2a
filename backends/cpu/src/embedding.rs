//! Token and position embeddings.

use crate::Cpu;
use crate::threads::{ELEMENT, Parts};
use crate::weights::Weights;

/// Token and position embeddings, summed.
pub(crate) fn embed(cpu: &Cpu, weights: &Weights, tokens: &[u32], positions: &[u32], out: &mut [f32]) {
    let width = weights.architecture.width;
    let embedding = weights.at(&weights.layout.embedding);
    let learned = weights.layout.positions.as_ref().map(|span| weights.at(span));
    cpu.map_rows(out, width, ELEMENT, &|rows, out| {
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

/// Adds what [`embed`]'s gradient is to that of its rows.
pub(crate) fn embed_backward(
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
    cpu.rows(width, tokens.len() * ELEMENT, &|columns| {
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
