//! Scores are the CPU engine's.

use super::{File, file, gpt2, llama, score, tokens, weights};
use crate::WeightFormat;
use alloc::vec::Vec;
use rlhf_core::model::Architecture;
use rlhf_core::roles::Reward;
use rlhf_core::{Ragged, ready};
use rlhf_cpu::{Cpu, Model};

fn engine(architecture: &Architecture, seed: u64, tokens: &[u32]) -> f32 {
    let mut model =
        Model::from_weights(&Cpu::default(), architecture.clone(), weights(architecture, seed)).unwrap();
    let mut out = [f32::NAN];
    ready(model.score(Ragged::new(tokens, &[tokens.len()]).unwrap(), &mut out)).unwrap().unwrap();
    // The gain and the bias of the file.
    out[0] * 2.0 - 0.25
}

/// The root of the mean square of the differences, as a share of the scores' deviation.
fn error(architecture: &Architecture, format: WeightFormat) -> f32 {
    let (mut pairs, mut mean) = (Vec::new(), 0.0);
    for seed in 0..6 {
        let file: File = file(architecture, format, seed);
        for len in [1, 2, 15, 16, 17, 31, 48] {
            let tokens = tokens(len, seed as u32 + 10 * len as u32);
            let pair = (score(&file, &tokens), engine(architecture, seed, &tokens));
            mean += pair.1;
            pairs.push(pair);
        }
    }
    mean /= pairs.len() as f32;
    let squares =
        |f: &dyn Fn(f32, f32) -> f32| pairs.iter().map(|(got, want)| f(*got, *want).powi(2)).sum::<f32>();
    (squares(&|got, want| got - want) / squares(&|_, want| want - mean)).sqrt()
}

#[test]
fn scores_are_the_engines_within_the_formats_error() {
    // Sums in another order; a fraction of ten bits, and of seven; weights, activations, keys and values in 8 bits, of
    // random networks, which are worse off than trained ones; weights in 4 bits.
    let bounds = [
        (WeightFormat::F32, 2e-6),
        (WeightFormat::F16, 2e-3),
        (WeightFormat::Bf16, 1.2e-2),
        (WeightFormat::Int8, 5e-2),
        (WeightFormat::Int4, 4e-1),
    ];
    for architecture in [gpt2(), llama()] {
        for (format, bound) in bounds {
            let error = error(&architecture, format);
            std::println!("{:?} {}: {error:.1e}", architecture.family, format.name());
            assert!(error <= bound, "{:?} {format:?}: {error}", architecture.family);
        }
    }
}
