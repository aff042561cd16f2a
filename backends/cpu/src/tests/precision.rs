//! Products in bf16 are near to those in f32, and learn as well.

use super::*;
use alloc::vec;
use alloc::vec::Vec;
use rlhf_core::optim::{Adam, Update};
use rlhf_core::ready;
use rlhf_core::roles::{Learner, Reference};

/// The difference of two vectors, as a share of the first.
fn distance(a: &[f32], b: &[f32]) -> f64 {
    let norm = |x: &mut dyn Iterator<Item = f64>| x.map(|x| x * x).sum::<f64>().sqrt();
    let difference = norm(&mut a.iter().zip(b).map(|(a, b)| f64::from(a - b)));
    difference / norm(&mut a.iter().map(|&a| f64::from(a)))
}

/// A rounded factor is off by 2⁻⁹ at most, 1.1·2⁻¹⁰ in the mean.
#[test]
fn log_probs_and_gradients_are_near_to_those_in_f32() {
    let (tokens, ends, loss_mask) = text(37, &[40, 1, 33, 2, 17]);
    let batch = batch(&tokens, &ends, &loss_mask);
    for isa in Isa::ALL.into_iter().filter(|isa| isa.available()) {
        for architecture in architectures() {
            let [plain, rounded] = [Precision::F32, Precision::Bf16].map(|precision| {
                let mut model = network(&cpu(2, (isa, precision)), &architecture, 2);
                let mut log_probs = vec![0.0; tokens.len()];
                ready(model.log_probs(batch, &mut log_probs)).unwrap().unwrap();
                let mut objective = Everything { first_token: 0, first_sequence: 0 };
                ready(model.accumulate(batch, &mut objective)).unwrap().unwrap();
                (log_probs, model.gradient().to_vec())
            });
            let (log_probs, gradient) = (distance(&plain.0, &rounded.0), distance(&plain.1, &rounded.1));
            assert!(log_probs > 0.0 && log_probs < 1e-2, "{isa:?}: {log_probs}");
            assert!(gradient > 0.0 && gradient < 3e-2, "{isa:?}: {gradient}");
        }
    }
}

/// Steps that are smaller than a rounding of their weight add up, since weights are in f32.
#[test]
fn learning_follows_that_in_f32() {
    let (tokens, ends, loss_mask) = text(37, &[20, 9, 15]);
    let batch = batch(&tokens, &ends, &loss_mask);
    let adam = Adam { epsilon: 1e-5, ..Adam::default() };
    let update = Update { learning_rate: 3e-4, adam, max_grad_norm: None };
    let curve = |precision| -> Vec<f64> {
        let mut model = network(&cpu(2, (Isa::best(), precision)), &architectures()[0], 3);
        let mut step = || {
            let mut objective = Everything { first_token: 0, first_sequence: 0 };
            let loss = ready(model.accumulate(batch, &mut objective)).unwrap().unwrap();
            ready(model.step(&update)).unwrap().unwrap();
            loss
        };
        (0..60).map(|_| step()).collect()
    };
    let (plain, rounded) = (curve(Precision::F32), curve(Precision::Bf16));
    let fallen = plain[0] - plain[59];
    assert!(fallen > 0.0);
    for (a, b) in plain.iter().zip(&rounded) {
        assert!((a - b).abs() < 0.05 * fallen, "{a} and {b}, of {fallen}");
    }
}
