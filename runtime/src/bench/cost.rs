//! What a piece of work needs of a machine, counted.

use rlhf_core::model::Architecture;
use serde::Serialize;

/// The least that a piece of work needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Cost {
    /// Multiplications and additions of matrix products.
    pub operations: f64,
    /// Bytes that have to come from memory, where a network is larger than the processor's caches.
    pub bytes: f64,
}

/// A forward pass costs one of these, forward and backward three.
pub(super) struct Pass {
    /// Tokens read.
    pub tokens: f64,
    /// Pairs of a token and one it sees, itself included.
    pub pairs: f64,
    /// Tokens whose distribution is asked for.
    pub owed: f64,
}

impl Pass {
    /// Whole sequences of the same length, all of whose tokens but the first are owed.
    pub fn whole(sequences: usize, length: usize) -> Self {
        let (n, t) = (sequences as f64, length as f64);
        Self { tokens: n * t, pairs: n * t * (t + 1.0) / 2.0, owed: n * (t - 1.0) }
    }

    /// Responses of `new` tokens after prompts of `prompt`: what is drawn last is not read.
    pub fn sampling(sequences: usize, prompt: usize, new: usize) -> Self {
        Self { owed: (sequences * new) as f64, ..Self::whole(sequences, prompt + new - 1) }
    }

    /// The same, of which no token's distribution is asked for.
    pub fn headless(self) -> Self {
        Self { owed: 0.0, ..self }
    }

    /// The operations of one forward pass: two a weight and token, and four a head's width and pair.
    pub fn operations(&self, a: &Architecture) -> f64 {
        let head = (a.vocabulary * a.width) as f64;
        let attention = (a.layers * a.heads * a.head_width) as f64;
        2.0 * (self.tokens * body(a) + self.owed * head) + 4.0 * self.pairs * attention
    }
}

/// Weights of the layers' matrices.
fn body(a: &Architecture) -> f64 {
    let layer =
        a.width * a.qkv() + a.heads * a.head_width * a.width + a.width * a.mlp_columns() + a.hidden * a.width;
    (a.layers * layer) as f64
}

/// Bytes of the weights that every token's step reads.
pub(super) fn weights(a: &Architecture) -> f64 {
    4.0 * (body(a) + (a.vocabulary * a.width) as f64)
}

/// Bytes that a step of AdamW moves: weight, gradient and both moments read, all but the gradient written.
pub(super) fn adamw(a: &Architecture) -> f64 {
    28.0 * a.parameters() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_are_those_counted_by_hand() {
        // Width 2, one layer, one head, MLP of 8, vocabulary 5: 12 + 4 + 16 + 16 weights.
        let a = Architecture::gpt2(5, 8, 2, 1, 1);
        assert_eq!(body(&a), 48.0);
        let pass = Pass::whole(3, 4);
        assert_eq!((pass.tokens, pass.pairs, pass.owed), (12.0, 30.0, 9.0));
        assert_eq!(pass.operations(&a), 2.0 * (12.0 * 48.0 + 9.0 * 10.0) + 4.0 * 30.0 * 2.0);
        let pass = Pass::sampling(2, 3, 2);
        assert_eq!((pass.tokens, pass.owed), (8.0, 4.0));
        assert_eq!(weights(&a), 4.0 * 58.0);
    }
}
