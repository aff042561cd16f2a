//! Rows that nobody reads are not worked out, and nothing shows it.

use super::*;
use alloc::vec;
use alloc::vec::Vec;
use rlhf_core::ready;
use rlhf_core::roles::{Learner, Reference, Reward};
use rlhf_cpu::Isa;

/// [`Everything`] of what is needed; values, where they are, weigh nothing.
struct Reads {
    needs: Needs,
}

fn all() -> Everything {
    Everything { first_token: 0, first_sequence: 0 }
}

impl Objective for Reads {
    fn needs(&self) -> Needs {
        self.needs
    }

    fn tokens(
        &mut self,
        positions: &[usize],
        log_probs: &[f32],
        entropy: &[f32],
        grad_log_probs: &mut [f32],
        grad_entropy: &mut [f32],
    ) -> Result<f64, Error> {
        all().tokens(positions, log_probs, entropy, grad_log_probs, grad_entropy)
    }

    fn values(&mut self, _: &[f32], grad: &mut [f32]) -> Result<f64, Error> {
        grad.fill(0.0);
        Ok(0.0)
    }

    fn scores(&mut self, scores: &[f32], grad: &mut [f32]) -> Result<f64, Error> {
        all().scores(scores, grad)
    }
}

/// A loss and a gradient; the second pass of a network that has just had all rows, or few.
fn learned(cpu: &Cpu, a: &Architecture, loss_mask: &[bool], needs: Needs) -> (f64, Vec<f32>) {
    let (tokens, ends, _) = text(a.vocabulary, &LENGTHS);
    let mut model = network(cpu, a, 1);
    let batch = batch(&tokens, &ends, loss_mask);
    for values in [!needs.values, needs.values] {
        ready(model.zero_grad()).unwrap().unwrap();
        ready(model.accumulate(batch, &mut Reads { needs: Needs { values, ..needs } })).unwrap().unwrap();
    }
    ready(model.zero_grad()).unwrap().unwrap();
    let loss = ready(model.accumulate(batch, &mut Reads { needs })).unwrap().unwrap();
    (loss, model.gradient())
}

const LENGTHS: [usize; 5] = [1, 17, 40, 33, 2];

/// A pass that asks for values has all rows.
#[test]
fn a_gradient_has_the_bits_of_one_through_all_rows() {
    let tokens: usize = LENGTHS.iter().sum();
    // None; some sequences' ends; single ones in the middle; all but the first.
    let masks: [&dyn Fn(usize) -> bool; 4] =
        [&|_| false, &|t| (12..18).contains(&t) || t > 91, &|t| t == 30, &|t| {
            ![0, 1, 18, 58, 91].contains(&t)
        }];
    for kernels in kernels() {
        let cpu = cpu(2, kernels);
        for a in architectures() {
            for mask in masks {
                let loss_mask: Vec<bool> = (0..tokens).map(mask).collect();
                for scores in [true, false] {
                    let needs = Needs { log_probs: true, entropy: true, scores, values: false };
                    let few = learned(&cpu, &a, &loss_mask, needs);
                    assert_eq!(
                        few,
                        learned(&cpu, &a, &loss_mask, Needs { values: true, ..needs }),
                        "{kernels:?}"
                    );
                    assert!(few.1.iter().all(|g| g.is_finite()));
                }
            }
        }
    }
}

#[test]
fn scores_and_log_probs_have_the_bits_of_all_rows() {
    let cpu = Cpu::new(2, Isa::best());
    for a in architectures() {
        let (tokens, ends, _) = text(a.vocabulary, &LENGTHS);
        let sequences = Ragged::new(&tokens, &ends).unwrap();
        let mut model = network(&cpu, &a, 1);
        let (mut scores, mut values) = (vec![f32::NAN; ends.len()], vec![f32::NAN; tokens.len()]);
        ready(model.score(sequences, &mut scores)).unwrap().unwrap();
        ready(rlhf_core::roles::Critic::values(&mut model, sequences, &mut values)).unwrap().unwrap();
        assert!(ends.iter().zip(&scores).all(|(end, score)| values[end - 1] == *score));

        let every: Vec<bool> = (0..tokens.len()).map(|t| t > 0 && !ends.contains(&t)).collect();
        let few: Vec<bool> = (0..tokens.len()).map(|t| every[t] && (t % 40 > 36 || t > 85)).collect();
        let mut read = |loss_mask: &[bool]| {
            let mut out = vec![f32::NAN; tokens.len()];
            ready(model.log_probs(batch(&tokens, &ends, loss_mask), &mut out)).unwrap().unwrap();
            out
        };
        let (every_one, few_ones) = (read(&every), read(&few));
        assert!((0..tokens.len()).all(|t| few_ones[t] == if few[t] { every_one[t] } else { 0.0 }));
    }
}
