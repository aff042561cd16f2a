//! Promises of the scorer. Its oracle is the CPU engine, whose own is in f64.

mod arena;
mod bits;
mod conformance;
mod damage;
mod engine;
mod fixture;
mod growing;
mod text;

use crate::{Buffer, Model, NewModel, Scorer, WeightFormat, arena_bytes, write};
use alloc::vec;
use alloc::vec::Vec;
use rlhf_core::model::tokenizer::{AnyTokenizer, Bytes};
use rlhf_core::model::{Architecture, Family};
use rlhf_core::random::{Key, Stream};
use rlhf_core::rewards::RewardScale;

/// A file at a multiple of 16, as a program has it.
pub(crate) struct File(Buffer);

impl File {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        Self(Buffer::from(bytes))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

pub(crate) fn gpt2() -> Architecture {
    Architecture { tied: true, ..Architecture::gpt2(257, 48, 24, 2, 3).with_scalar() }
}

/// Grouped heads; a width of heads and an MLP that are no multiple of a vector.
pub(crate) fn llama() -> Architecture {
    Architecture {
        family: Family::Llama,
        width: 32,
        heads: 4,
        kv_heads: 2,
        head_width: 8,
        hidden: 52,
        ..gpt2()
    }
}

/// Weights with biases, and a scalar head, that are not 0.
pub(crate) fn weights(architecture: &Architecture, seed: u64) -> Vec<f32> {
    let key = Key::new(seed, Stream::Data, 9);
    let noise = (0..).map(|i| 0.1 * key.normal(0, i) as f32);
    rlhf_core::model::random(architecture, seed).unwrap().iter().zip(noise).map(|(w, n)| w + n).collect()
}

pub(crate) fn file(architecture: &Architecture, format: WeightFormat, seed: u64) -> File {
    let tokenizer = AnyTokenizer::from(Bytes);
    let weights = weights(architecture, seed);
    let model = NewModel {
        architecture,
        weights: &weights,
        tokenizer: Some(&tokenizer),
        scale: RewardScale { gain: 2.0, bias: -0.25 },
    };
    File::new(&write(&model, format, architecture.context).unwrap())
}

/// Token ids of a byte vocabulary.
pub(crate) fn tokens(len: usize, sample: u32) -> Vec<u32> {
    let mut draws = Key::new(5, Stream::Data, 0).draws(sample);
    (0..len).map(|_| draws.below(257) as u32).collect()
}

pub(crate) fn arena(file: &File) -> Vec<u8> {
    let shape = Model::new(file.bytes()).unwrap().shape();
    vec![0xff; arena_bytes(&shape, shape.context as usize)]
}

pub(crate) fn score(file: &File, tokens: &[u32]) -> f32 {
    let mut arena = arena(file);
    Scorer::new(file.bytes(), &mut arena).unwrap().score_tokens(tokens).unwrap()
}
