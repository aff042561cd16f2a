//! Rows, candidates and parameters say what the roles say.

use super::*;
use alloc::vec;
use alloc::vec::Vec;
use rlhf_core::capabilities::{Candidates, LearnCandidates, LearnRows, Parameters, Rows};
use rlhf_core::log_probs::{log_prob, log_prob_pull};
use rlhf_core::roles::{Learner, Reference};
use rlhf_core::{CandidateObjective, RowObjective, ready};
use rlhf_cpu::{EngineError, Isa};

const TEMPERATURE: f64 = 0.8;

/// `Σ weight·ln p` over loss tokens, from each kind of output.
struct Weighted<'a> {
    tokens: &'a [u32],
    /// The place of the token itself among the candidates.
    own: usize,
}

impl Weighted<'_> {
    fn weight(t: usize) -> f32 {
        Everything::weight(0, t)
    }
}

impl Objective for Weighted<'_> {
    fn needs(&self) -> Needs {
        Needs { log_probs: true, ..Needs::default() }
    }

    fn tokens(
        &mut self,
        positions: &[usize],
        log_probs: &[f32],
        _: &[f32],
        grad: &mut [f32],
        _: &mut [f32],
    ) -> Result<f64, Error> {
        positions.iter().zip(grad.iter_mut()).for_each(|(&t, g)| *g = Self::weight(t));
        Ok(grad.iter().zip(log_probs).map(|(g, l)| f64::from(g * l)).sum())
    }
}

impl RowObjective for Weighted<'_> {
    fn row(&mut self, t: usize, logits: &[f32], grad: &mut [f32]) -> Result<f64, Error> {
        let target = self.tokens[t] as usize;
        grad.fill(0.0);
        log_prob_pull(logits, target, TEMPERATURE, Self::weight(t), 0.0, grad)?;
        Ok(f64::from(Self::weight(t) * log_prob(logits, target, TEMPERATURE)?.0))
    }
}

impl CandidateObjective for Weighted<'_> {
    fn candidates(&mut self, positions: &[usize], log_probs: &[f32], grad: &mut [f32]) -> Result<f64, Error> {
        let k = log_probs.len() / positions.len();
        grad.fill(0.0);
        let mut loss = 0.0;
        for (i, &t) in positions.iter().enumerate() {
            grad[i * k + self.own] = Self::weight(t);
            loss += f64::from(Self::weight(t) * log_probs[i * k + self.own]);
        }
        Ok(loss)
    }
}

fn near(name: &str, a: &[f32], b: &[f32]) {
    let scale = b.iter().fold(1e-3f32, |m, x| m.max(x.abs()));
    for (i, (a, b)) in a.iter().zip(b).enumerate() {
        assert!((a - b).abs() <= 3e-6 * scale, "{name}[{i}]: {a} and {b}, scale {scale}");
    }
}

#[test]
fn a_loss_has_one_gradient_whichever_output_it_is_read_from() {
    for isa in Isa::ALL.into_iter().filter(|isa| isa.available()) {
        let cpu = Cpu::new(2, isa);
        for architecture in architectures() {
            let (tokens, ends, loss_mask) = text(architecture.vocabulary, &[3, 17, 40]);
            let batch = batch(&tokens, &ends, &loss_mask);
            let own = 2;
            let others = [5, 0, 0, 7];
            let ids: Vec<u32> = (0..tokens.len())
                .filter(|&t| loss_mask[t])
                .flat_map(|t| (0..4).map(move |c| (t, c)))
                .map(|(t, c)| if c == own { tokens[t] } else { (tokens[t] + 1 + others[c]) % 37 })
                .collect();
            let mut models = [(); 3].map(|()| network(&cpu, &architecture, 1));
            let mut o = Weighted { tokens: &tokens, own };
            let losses = [
                ready(models[0].accumulate(batch, &mut o)).unwrap().unwrap(),
                ready(models[1].accumulate_rows(batch, &mut o)).unwrap().unwrap(),
                ready(models[2].accumulate_candidates(batch, 4, &ids, &mut o)).unwrap().unwrap(),
            ];
            let want = models[0].gradient();
            for (name, model, loss) in
                [("rows", &models[1], losses[1]), ("candidates", &models[2], losses[2])]
            {
                assert!((loss - losses[0]).abs() < 1e-6, "{name}: {losses:?}");
                near(name, &model.gradient(), &want);
            }
            // Taken, it is gone.
            let mut taken = vec![f32::NAN; models[0].parameters()];
            ready(models[0].take_gradient(&mut taken)).unwrap().unwrap();
            assert_eq!(taken, want);
            assert!(models[0].gradient().iter().all(|g| *g == 0.0));
        }
    }
}

#[test]
fn rows_are_the_logits_that_tokens_are_predicted_by() {
    let architecture = &architectures()[0];
    let mut model = network(&Cpu::default(), architecture, 1);
    let (tokens, ends, loss_mask) = text(37, &[3, 17]);
    let logits = model.logits(Ragged::new(&tokens, &ends).unwrap()).unwrap();
    let mut visited = vec![];
    ready(model.rows(batch(&tokens, &ends, &loss_mask), &mut |t, row| {
        assert_eq!(logits.row(t - 1).as_slice().unwrap(), row);
        visited.push(t);
    }))
    .unwrap()
    .unwrap();
    assert_eq!(visited, (0..20).filter(|&t| loss_mask[t]).collect::<Vec<_>>());
    assert_eq!(model.row_len(), 37);
}

#[test]
fn candidates_are_the_likeliest_and_have_the_scorers_log_probabilities() {
    let architecture = &architectures()[1];
    let mut model = network(&Cpu::default(), architecture, 1);
    let (tokens, ends, loss_mask) = text(37, &[3, 17]);
    let batch = batch(&tokens, &ends, &loss_mask);
    let n = loss_mask.iter().filter(|o| **o).count();
    let mut all = (vec![0; n * 37], vec![f32::NAN; n * 37]);
    ready(model.top(batch, 37, &mut all.0, &mut all.1)).unwrap().unwrap();
    let mut scored = vec![f32::NAN; tokens.len()];
    ready(model.log_probs(batch, &mut scored)).unwrap().unwrap();
    let positions = (0..tokens.len()).filter(|&t| loss_mask[t]);
    for ((ids, log_probs), t) in all.0.chunks(37).zip(all.1.chunks(37)).zip(positions) {
        assert!(log_probs.is_sorted_by(|a, b| a >= b));
        assert!((log_probs.iter().map(|l| l.exp()).sum::<f32>() - 1.0).abs() < 1e-5);
        let own = ids.iter().position(|id| *id == tokens[t]).unwrap();
        assert_eq!(log_probs[own], scored[t]);
    }
    let mut few = (vec![0; n * 3], vec![f32::NAN; n * 3]);
    ready(model.top(batch, 3, &mut few.0, &mut few.1)).unwrap().unwrap();
    for (few, all) in few.0.chunks(3).zip(all.0.chunks(37)) {
        assert_eq!(few, &all[..3]);
    }
    assert!(ready(model.top(batch, 0, &mut [], &mut [])).unwrap().is_err());
    assert!(ready(model.top(batch, 38, &mut [], &mut [])).unwrap().is_err());
    assert!(ready(model.top(batch, 2, &mut [0; 3], &mut [0.0; 3])).unwrap().is_err());
    let ids = vec![37; n];
    let unknown = ready(model.candidates(batch, 1, &ids, &mut vec![0.0; n])).unwrap();
    assert!(matches!(unknown, Err(EngineError::Token { token: 37, .. })));
}

#[test]
fn parameters_are_written_and_read() {
    let architecture = &architectures()[0];
    let (mut a, mut b) =
        (network(&Cpu::default(), architecture, 1), network(&Cpu::default(), architecture, 2));
    let mut weights = vec![f32::NAN; a.parameters()];
    ready(a.read(&mut weights)).unwrap().unwrap();
    assert_eq!(weights, a.weights());
    let before = b.clone();
    ready(b.write(&weights)).unwrap().unwrap();
    assert_eq!(a.weights(), b.weights());
    assert_ne!(a.weights(), before.weights());
    assert!(ready(b.write(&weights[1..])).unwrap().is_err());
    assert!(ready(b.take_gradient(&mut weights[1..])).unwrap().is_err());
}

#[test]
fn what_is_dropped_is_not_learned() {
    let architecture = &architectures()[0];
    let mut model = network(&Cpu::default(), architecture, 1);
    let (tokens, ends, loss_mask) = text(37, &[3, 17]);
    let mut o = Weighted { tokens: &tokens, own: 0 };
    ready(model.accumulate(batch(&tokens, &ends, &loss_mask), &mut o)).unwrap().unwrap();
    ready(model.zero_grad()).unwrap().unwrap();
    assert!(model.gradient().iter().all(|g| *g == 0.0));
}
