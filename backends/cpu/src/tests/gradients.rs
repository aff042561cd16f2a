//! Gradients against finite differences of the loss.

use super::*;
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;
use rlhf_core::ready;
use rlhf_core::roles::Learner;
use rlhf_cpu::{Cpu, Isa};

fn loss(model: &mut Model, batch: Batch<'_>) -> f64 {
    let mut objective = Everything { first_token: 0, first_sequence: 0 };
    ready(model.accumulate(batch, &mut objective)).unwrap().unwrap()
}

/// Along random directions, and along each tensor by itself, the loss changes as the gradient says.
fn check(isa: Isa, architecture: &Architecture) {
    let cpu = Cpu::new(2, isa);
    let (tokens, ends, loss_mask) = text(architecture.vocabulary, &[1, 17, 40, 33, 2]);
    let batch = batch(&tokens, &ends, &loss_mask);
    let mut model = network(&cpu, architecture, 1);
    let base = model.weights().to_vec();
    loss(&mut model, batch);
    let gradient = model.gradient();
    let mut start = 0;
    for (index, tensor) in architecture.tensors().iter().enumerate() {
        let span = start..start + tensor.len();
        start = span.end;
        let key = Key::new(11, Stream::Data, index as u32);
        let direction: Vec<f64> = span.clone().map(|i| key.normal(0, i as u32)).collect();
        let slope: f64 = span.clone().zip(&direction).map(|(i, d)| f64::from(gradient[i]) * d).sum();
        let scale: f64 = span.clone().map(|i| f64::from(gradient[i]).powi(2)).sum::<f64>().sqrt();
        // f32 losses are noisy to about 1e-6: the step is as long as curvature lets it be.
        let step = 2e-3;
        let at = |sign: f64| {
            let mut weights = base.clone();
            for (i, d) in span.clone().zip(&direction) {
                weights[i] += (sign * step * d) as f32;
            }
            loss(&mut Model::from_weights(&cpu, architecture.clone(), weights).unwrap(), batch)
        };
        let difference = (at(1.0) - at(-1.0)) / (2.0 * step);
        let error = (difference - slope).abs();
        assert!(
            error < 0.02 * scale + 2e-3,
            "{} {}: difference {difference}, gradient {slope}, norm {scale}",
            isa.name(),
            tensor.name
        );
    }
}

#[test]
fn gradients_equal_finite_differences() {
    for isa in Isa::ALL.into_iter().filter(|isa| isa.available()) {
        for architecture in architectures() {
            check(isa, &architecture);
        }
    }
}

#[test]
fn gradients_with_dropout_equal_finite_differences() {
    for architecture in architectures() {
        check(Isa::best(), &Architecture { dropout: 0.3, ..architecture });
    }
}

#[test]
fn a_gradient_that_is_not_finite_leaves_the_weights_alone() {
    struct Bad;
    impl Objective for Bad {
        fn needs(&self) -> Needs {
            Needs { scores: true, ..Needs::default() }
        }
    }
    let cpu = Cpu::new(1, Isa::best());
    let architecture = &architectures()[0];
    let mut weights = network(&cpu, architecture, 1).weights().to_vec();
    let last = weights.len() - 2;
    weights[last] = f32::NAN;
    let mut model = Model::from_weights(&cpu, architecture.clone(), weights).unwrap();
    let (tokens, ends, loss_mask) = text(37, &[4]);
    ready(model.accumulate(batch(&tokens, &ends, &loss_mask), &mut Bad)).unwrap().unwrap();
    let update =
        rlhf_core::optim::Update { learning_rate: 0.1, adam: Default::default(), max_grad_norm: None };
    // The objective's gradient is 0, and 0 · NaN is not.
    assert!(matches!(
        ready(model.step(&update)).unwrap(),
        Err(rlhf_cpu::EngineError::Gradient { step: 1, .. })
    ));
    assert_eq!(model.gradient().iter().filter(|g| **g != 0.0).count(), 0);
}

#[test]
fn errors_name_what_is_wrong() {
    let cpu = Cpu::new(1, Isa::best());
    let a = Architecture::gpt2(37, 8, 16, 1, 2);
    let mut model = Model::random(&cpu, a, 0).unwrap();
    let mut out = vec![0.0; 9];
    let tokens = [1, 99, 3];
    let score = |model: &mut Model, tokens: &[u32], out: &mut [f32]| {
        let ends = [tokens.len()];
        ready(rlhf_core::roles::Critic::values(model, Ragged::new(tokens, &ends).unwrap(), out)).unwrap()
    };
    assert_eq!(
        score(&mut model, &tokens, &mut out[..3]).unwrap_err().to_string(),
        "token 99 at position 1 is outside the vocabulary of 37: was it made by another tokenizer?"
    );
    assert!(matches!(
        score(&mut model, &[0; 9], &mut out),
        Err(rlhf_cpu::EngineError::Context { sequence: 0, length: 9, context: 8 })
    ));
    assert_eq!(score(&mut model, &[0; 3], &mut out[..3]), Err(rlhf_cpu::EngineError::NoScalarHead));
}
