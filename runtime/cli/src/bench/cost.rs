//! The operations and bytes of a piece of work, counted.

use core::ops::{Add, Mul};
use rlhf_core::model::Architecture;
use serde::Serialize;

/// The least that a piece of work needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Cost {
    /// Multiplications and additions of products with weights: 2 a weight and token forward, 4 backward; in
    /// the last layer only keys and values where nothing reads what comes out, the head only where a token
    /// is in the loss mask.
    pub products: f64,
    /// The operations of attention's own products: 4 for each head's width and pair of tokens forward, 8 backward.
    pub attention: f64,
    /// Bytes that have to come from memory where a network is larger than the processor's caches: all
    /// weights, once for every pass and for every token that waits for the one before it.
    pub bytes: f64,
}

impl Cost {
    /// Returns all multiplications and additions.
    pub fn operations(&self) -> f64 {
        self.products + self.attention
    }

    /// Returns the cost with so many bytes more.
    pub(super) fn and_bytes(self, bytes: f64) -> Self {
        Self { bytes: self.bytes + bytes, ..self }
    }
}

impl Add for Cost {
    type Output = Self;

    fn add(self, more: Self) -> Self {
        Self {
            products: self.products + more.products,
            attention: self.attention + more.attention,
            bytes: self.bytes + more.bytes,
        }
    }
}

impl Mul<f64> for Cost {
    type Output = Self;

    fn mul(self, times: f64) -> Self {
        Self { products: self.products * times, attention: self.attention * times, bytes: self.bytes * times }
    }
}

/// The size of a forward pass; backward costs twice as much.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Pass {
    /// Tokens read.
    pub tokens: f64,
    /// Pairs of a token and one it sees, itself included.
    pub pairs: f64,
    /// Tokens whose last state something reads, and the pairs that these are the first of.
    pub read: f64,
    pub read_pairs: f64,
    /// Tokens whose distribution is computed.
    pub loss_mask: f64,
}

impl Pass {
    /// Creates a pass over whole sequences of these lengths, all of whose tokens but the first are in the loss mask.
    pub fn whole(lengths: &[usize]) -> Self {
        Self { loss_mask: sum(lengths, |t| t - 1), ..Self::reading(lengths, |t| t - 1, |t| (t - 1) * t / 2) }
    }

    /// Creates a pass over whole sequences whose last token's state is scored.
    pub fn scored(lengths: &[usize]) -> Self {
        Self::reading(lengths, |_| 1, |t| t)
    }

    /// Prompts with responses of `new` tokens, which alone are in the loss mask.
    pub fn responses(sequences: usize, prompt: usize, new: usize) -> Self {
        // The states before the response's tokens.
        let visible = |t: usize| t * (t + 1) / 2;
        let pairs = visible(prompt + new - 1) - visible(prompt - 1);
        let pass = Self::reading(&vec![prompt + new; sequences], |_| new, |_| pairs);
        Self { loss_mask: pass.read, ..pass }
    }

    /// Returns the pass with a head whose cost is negligible.
    pub fn valued(self) -> Self {
        Self { loss_mask: 0.0, ..self }
    }

    fn reading(lengths: &[usize], read: impl Fn(usize) -> usize, pairs: impl Fn(usize) -> usize) -> Self {
        Self {
            tokens: sum(lengths, |t| t),
            pairs: sum(lengths, |t| t * (t + 1) / 2),
            read: sum(lengths, read),
            read_pairs: sum(lengths, pairs),
            loss_mask: 0.0,
        }
    }

    /// Returns the cost of a forward pass.
    pub fn forward(&self, a: &Architecture) -> Cost {
        let before = a.layers as f64 - 1.0;
        let keys = (2 * a.kv_heads * a.head_width * a.width) as f64;
        let layers = before * self.tokens * layer(a) + self.tokens * keys + self.read * (layer(a) - keys);
        let pairs = before * self.pairs + self.read_pairs;
        Cost {
            products: 2.0 * (layers + self.loss_mask * head(a)),
            attention: 4.0 * pairs * (a.heads * a.head_width) as f64,
            bytes: weights(a),
        }
    }

    /// Returns the cost of a forward and a backward pass, which reads the weights once more.
    pub fn learning(&self, a: &Architecture) -> Cost {
        let forward = self.forward(a);
        Cost { bytes: 2.0 * forward.bytes, ..forward * 3.0 }
    }
}

fn sum(lengths: &[usize], of: impl Fn(usize) -> usize) -> f64 {
    lengths.iter().map(|&length| of(length) as f64).sum()
}

/// Weights of a layer's matrices.
fn layer(a: &Architecture) -> f64 {
    let attention = a.width * a.qkv() + a.heads * a.head_width * a.width;
    (attention + a.width * a.mlp_columns() + a.hidden * a.width) as f64
}

fn head(a: &Architecture) -> f64 {
    (a.vocabulary * a.width) as f64
}

/// Bytes of the weights that every token's step reads.
pub(super) fn weights(a: &Architecture) -> f64 {
    4.0 * (a.layers as f64 * layer(a) + head(a))
}

/// Bytes that a step of AdamW moves: weight, gradient and both moments read, all but the gradient written.
pub(super) fn adamw(a: &Architecture) -> f64 {
    28.0 * a.parameters() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Width 2, MLP of 8, vocabulary 5: 12 + 4 + 16 + 16 weights a layer, 8 of them for keys and values.
    fn network(layers: usize) -> Architecture {
        Architecture::gpt2(5, 8, 2, layers, 1)
    }

    #[test]
    fn passes_are_those_counted_by_hand() {
        let pass = Pass::whole(&[4, 4, 2]);
        assert_eq!((pass.tokens, pass.pairs, pass.read, pass.loss_mask), (10.0, 23.0, 7.0, 7.0));
        assert_eq!(pass.read_pairs, 6.0 + 6.0 + 1.0);
        let pass = Pass::scored(&[4, 2]);
        assert_eq!((pass.pairs, pass.read, pass.read_pairs, pass.loss_mask), (13.0, 2.0, 6.0, 0.0));
        // Three tokens and two new ones: the states after the third and the fourth.
        let pass = Pass::responses(2, 3, 2);
        assert_eq!((pass.tokens, pass.read, pass.read_pairs, pass.loss_mask), (10.0, 4.0, 14.0, 4.0));
    }

    #[test]
    fn costs_are_those_counted_by_hand() {
        let pass = Pass::whole(&[4]);
        let cost = pass.forward(&network(1));
        assert_eq!(cost.products, 2.0 * (4.0 * 8.0 + 3.0 * 40.0 + 3.0 * 10.0));
        assert_eq!(cost.attention, 4.0 * 6.0 * 2.0);
        assert_eq!(cost.bytes, 4.0 * 58.0);
        let deeper = pass.forward(&network(2));
        assert_eq!(deeper.products - cost.products, 2.0 * 4.0 * 48.0);
        assert_eq!(deeper.attention - cost.attention, 4.0 * 10.0 * 2.0);
        let learning = pass.learning(&network(1));
        assert_eq!(learning.operations(), 3.0 * cost.operations());
        assert_eq!(learning.bytes, 2.0 * cost.bytes);
    }
}
