//! Causal attention over ragged sequences, forward and backward, cached or not: the kernels' blocks, shared among
//! threads.

mod backward;
mod cache;
mod forward;
mod token;

pub(crate) use backward::backward;
pub(crate) use cache::Cache;
pub(crate) use forward::{forward, forward_cached};
pub(crate) use rlhf_kernels::attention::Heads;

use crate::threads::ELEMENT;
use core::ops::Range;
use rlhf_core::model::Architecture;

/// The sizes of a network's attention layers.
pub(crate) fn heads(a: &Architecture) -> Heads {
    Heads::new(a.heads, a.kv_heads, a.head_width)
}

/// The multiplications, about, of so many queries that see so many keys: half of them, each once for its score and
/// once for its value, and an exponential.
fn cost(heads: Heads, queries: usize, keys: usize) -> usize {
    queries * keys * heads.heads * (heads.width + ELEMENT / 2)
}

/// [`cost`] of whole sequences, of which the rows of `outputs` have a query.
fn cost_of(heads: Heads, spans: &[Range<usize>], outputs: &[Range<usize>]) -> usize {
    spans.iter().zip(outputs).map(|(span, outputs)| cost(heads, outputs.len(), span.len())).sum()
}

#[cfg(test)]
mod tests;
