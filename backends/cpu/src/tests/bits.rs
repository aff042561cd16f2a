//! The bits contract: threads, company, splits and the cache change nothing.

use super::*;
use alloc::vec;
use alloc::vec::Vec;
use rlhf_core::roles::{Critic, Learner, Reference, Reward};
use rlhf_core::{Coupling, ready};

fn bits(x: &[f32]) -> Vec<u32> {
    x.iter().map(|x| x.to_bits()).collect()
}

const LENGTHS: [usize; 7] = [40, 1, 33, 2, 17, 48, 9];

#[test]
fn outputs_do_not_depend_on_threads_or_company() {
    for kernels in kernels() {
        for architecture in architectures() {
            let (tokens, ends, loss_mask) = text(37, &LENGTHS);
            let whole = batch(&tokens, &ends, &loss_mask);
            let n = tokens.len();
            let all = |threads: usize| {
                let mut model = network(&cpu(threads, kernels), &architecture, 2);
                let (mut p, mut v, mut s) =
                    (vec![f32::NAN; n], vec![f32::NAN; n], vec![f32::NAN; ends.len()]);
                ready(model.log_probs(whole, &mut p)).unwrap().unwrap();
                ready(model.values(whole.sequences(), &mut v)).unwrap().unwrap();
                ready(model.score(whole.sequences(), &mut s)).unwrap().unwrap();
                (bits(&p), bits(&v), bits(&s))
            };
            let one = all(1);
            assert_eq!(one, all(2));
            assert_eq!(one, all(3));
            let mut model = network(&cpu(2, kernels), &architecture, 2);
            for (sequence, span) in whole.sequences().sequences() {
                let (ends, loss_mask) = ([sequence.len()], &loss_mask[span.clone()]);
                let mut p = vec![0.0; sequence.len()];
                let mut v = p.clone();
                ready(model.log_probs(batch(sequence, &ends, loss_mask), &mut p)).unwrap().unwrap();
                ready(model.values(Ragged::new(sequence, &ends).unwrap(), &mut v)).unwrap().unwrap();
                assert_eq!(bits(&p), one.0[span.clone()], "log-probs of {span:?}");
                assert_eq!(bits(&v), one.1[span.clone()], "values of {span:?}");
            }
        }
    }
}

/// An objective of a language model.
struct Tokens(Everything);
impl Objective for Tokens {
    fn needs(&self) -> Needs {
        Needs { log_probs: true, entropy: true, ..Needs::default() }
    }
    fn tokens(
        &mut self,
        positions: &[usize],
        log_probs: &[f32],
        entropy: &[f32],
        g: &mut [f32],
        h: &mut [f32],
    ) -> Result<f64, Error> {
        self.0.tokens(positions, log_probs, entropy, g, h)
    }
}

/// An objective of a critic, here on other weights than [`Tokens`].
struct Values(Everything);
impl Objective for Values {
    fn needs(&self) -> Needs {
        Needs { values: true, ..Needs::default() }
    }
    fn values(&mut self, values: &[f32], grad: &mut [f32]) -> Result<f64, Error> {
        self.0.values(values, grad)
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Tokens,
    Values,
}

#[test]
fn gradients_depend_neither_on_threads_nor_on_the_split() {
    for kernels in kernels() {
        for architecture in architectures() {
            for (dropout, kind) in [(0.0, Kind::Tokens), (0.2, Kind::Tokens), (0.2, Kind::Values)] {
                let architecture = Architecture { dropout, ..architecture.clone() };
                let whole = gradient(kernels, 1, &architecture, &[7], kind);
                assert!(whole.iter().filter(|bits| **bits != 0).count() > whole.len() / 2);
                for (threads, parts) in
                    [(2, &[7][..]), (3, &[7]), (2, &[3, 4]), (1, &[1, 1, 1, 1, 1, 1, 1]), (2, &[5, 2])]
                {
                    assert_eq!(whole, gradient(kernels, threads, &architecture, parts, kind), "{parts:?}");
                }
            }
        }
    }
}

/// The gradient of parts that split the batch between sequences.
fn gradient(
    kernels: Kernels,
    threads: usize,
    architecture: &Architecture,
    parts: &[usize],
    kind: Kind,
) -> Vec<u32> {
    let (tokens, ends, loss_mask) = text(37, &LENGTHS);
    let mut model = network(&cpu(threads, kernels), architecture, 2);
    model.seed_dropout(4);
    let mut sequence = 0;
    for &count in parts {
        let first_token = if sequence == 0 { 0 } else { ends[sequence - 1] };
        let last_token = ends[sequence + count - 1];
        let ends: Vec<usize> = ends[sequence..sequence + count].iter().map(|e| e - first_token).collect();
        let part = batch(&tokens[first_token..last_token], &ends, &loss_mask[first_token..last_token])
            .starting_at(sequence as u32);
        let all = Everything { first_token, first_sequence: sequence };
        match kind {
            Kind::Tokens => ready(model.accumulate(part, &mut Tokens(all))).unwrap().unwrap(),
            Kind::Values => ready(model.accumulate(part, &mut Values(all))).unwrap().unwrap(),
        };
        sequence += count;
    }
    bits(&model.gradient())
}

/// As [`Tokens`], but shown all tokens at once.
struct Together(Tokens);
impl Objective for Together {
    fn needs(&self) -> Needs {
        self.0.needs()
    }
    fn coupling(&self) -> Coupling {
        Coupling::Sequence
    }
    fn tokens(
        &mut self,
        positions: &[usize],
        log_probs: &[f32],
        entropy: &[f32],
        g: &mut [f32],
        h: &mut [f32],
    ) -> Result<f64, Error> {
        self.0.tokens(positions, log_probs, entropy, g, h)
    }
}

/// More loss tokens than a tile of the head has rows.
#[test]
fn a_head_that_is_read_twice_gives_the_same_gradient() {
    let architecture = &architectures()[1];
    let (tokens, ends, loss_mask) = text(37, &[48; 40]);
    assert!(loss_mask.iter().filter(|counts| **counts).count() > 1024);
    for kernels in kernels() {
        let all = || Tokens(Everything { first_token: 0, first_sequence: 0 });
        let mut model = network(&cpu(2, kernels), architecture, 2);
        let loss = ready(model.accumulate(batch(&tokens, &ends, &loss_mask), &mut all())).unwrap().unwrap();
        let tile_by_tile = bits(&model.gradient());
        let mut model = network(&cpu(2, kernels), architecture, 2);
        let mut together = Together(all());
        let again =
            ready(model.accumulate(batch(&tokens, &ends, &loss_mask), &mut together)).unwrap().unwrap();
        assert!((loss - again).abs() < 1e-9 * loss.abs().max(1.0), "{loss} {again}");
        assert_eq!(tile_by_tile, bits(&model.gradient()));
    }
}
