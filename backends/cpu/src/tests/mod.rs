//! Guarantees of the engine: exact gradients, and bits that depend on nothing but the instruction set.

mod bits;
mod capabilities;
mod conformance;
mod gradients;
mod output_positions;
mod precision;
mod rows;
mod sampling;
mod state;

use alloc::vec;
use alloc::vec::Vec;
use rlhf_core::model::{Architecture, Family};
use rlhf_core::network::Precision;
use rlhf_core::random::{Key, Stream};
use rlhf_core::{Batch, Error, Needs, Objective, Ragged};
use rlhf_cpu::{Cpu, Isa, Model};

/// Instruction sets and precisions that promise bits.
fn kernels() -> impl Iterator<Item = Kernels> {
    let exact = |&(isa, precision): &Kernels| isa != Isa::Portable || precision != Precision::F32;
    let there = Isa::ALL.into_iter().filter(|isa| isa.available());
    there.flat_map(|isa| [Precision::F32, Precision::Bf16].map(|precision| (isa, precision))).filter(exact)
}

type Kernels = (Isa, Precision);

fn cpu(threads: usize, (isa, precision): Kernels) -> Cpu {
    Cpu::new(threads, isa).with_precision(precision).unwrap()
}

/// Small networks of both families; widths that are no multiple of a vector, and grouped heads.
fn architectures() -> Vec<Architecture> {
    let gpt2 = Architecture::gpt2(37, 48, 24, 2, 3);
    let llama = Architecture {
        family: Family::Llama,
        width: 32,
        heads: 4,
        kv_heads: 2,
        head_width: 8,
        hidden: 52,
        tied: false,
        ..gpt2.clone()
    };
    vec![gpt2.with_scalar(), llama.with_scalar(), Architecture { tied: true, ..llama }.with_scalar()]
}

/// A network with a scalar head and biases that are not 0.
fn network(cpu: &Cpu, architecture: &Architecture, seed: u64) -> Model {
    let key = Key::new(seed, Stream::Data, 9);
    let base = Model::random(cpu, architecture.clone(), seed).unwrap();
    let weights =
        base.weights().iter().enumerate().map(|(i, w)| w + 0.1 * key.normal(0, i as u32) as f32).collect();
    Model::from_weights(cpu, architecture.clone(), weights).unwrap()
}

/// Sequences of uneven lengths.
fn text(vocabulary: usize, lengths: &[usize]) -> (Vec<u32>, Vec<usize>, Vec<bool>) {
    let mut draws = Key::new(5, Stream::Data, 0).draws(1);
    let (mut tokens, mut ends, mut loss_mask) = (vec![], vec![], vec![]);
    for &length in lengths {
        for t in 0..length {
            tokens.push(draws.below(vocabulary) as u32);
            loss_mask.push(t > 0 && t % 5 != 1);
        }
        ends.push(tokens.len());
    }
    (tokens, ends, loss_mask)
}

/// A smooth function of every output, with its exact gradient: each output has its own weight, keyed
/// by its place in the whole batch.
struct Everything {
    first_token: usize,
    first_sequence: usize,
}

impl Everything {
    fn weight(kind: u32, i: usize) -> f32 {
        Key::new(3, Stream::Data, kind).normal(0, i as u32) as f32 * 0.1
    }
}

impl Objective for Everything {
    fn needs(&self) -> Needs {
        Needs { log_probs: true, entropy: true, values: true, scores: true }
    }

    fn tokens(
        &mut self,
        positions: &[usize],
        log_probs: &[f32],
        entropy: &[f32],
        grad_log_probs: &mut [f32],
        grad_entropy: &mut [f32],
    ) -> Result<f64, Error> {
        let mut loss = 0.0;
        for (i, &t) in positions.iter().enumerate() {
            let (a, b) = (Self::weight(0, self.first_token + t), Self::weight(1, self.first_token + t));
            loss += f64::from(a * log_probs[i] + b * entropy[i] * entropy[i]);
            grad_log_probs[i] = a;
            grad_entropy[i] = 2.0 * b * entropy[i];
        }
        Ok(loss)
    }

    fn values(&mut self, values: &[f32], grad: &mut [f32]) -> Result<f64, Error> {
        let mut loss = 0.0;
        for (i, (v, g)) in values.iter().zip(grad).enumerate() {
            let a = Self::weight(2, self.first_token + i);
            loss += f64::from(a * v * v);
            *g = 2.0 * a * v;
        }
        Ok(loss)
    }

    fn scores(&mut self, scores: &[f32], grad: &mut [f32]) -> Result<f64, Error> {
        let mut loss = 0.0;
        for (i, (s, g)) in scores.iter().zip(grad).enumerate() {
            *g = Self::weight(3, self.first_sequence + i);
            loss += f64::from(*g * s);
        }
        Ok(loss)
    }
}

fn batch<'a>(tokens: &'a [u32], ends: &'a [usize], loss_mask: &'a [bool]) -> Batch<'a> {
    Batch::new(Ragged::new(tokens, ends).unwrap(), loss_mask).unwrap().at_temperature(0.8).unwrap()
}
