use super::*;
use crate::advantage::exact_kls;
use crate::random::{Key, Stream};
use crate::roles::Policy;
use crate::sampling::{SamplingParams, StopCriteria};
use crate::testing::{Table, loss_mask};
use crate::{HeldRows, Ragged, ready};

const EACH: usize = 9;

/// Texts of a policy that starts them with every token.
fn written(policy: &mut Table, step: u32) -> (Vec<u32>, Vec<usize>) {
    let (starts, ends): (Vec<u32>, Vec<usize>) = (0..128).map(|i| (i % 5, i as usize + 1)).unzip();
    let prompts = Ragged::new(&starts, &ends).unwrap();
    let stopping = StopCriteria { max_new_tokens: EACH - 1, eos: &[], stop: &[] };
    let key = Key::new(3, Stream::Sampling, step);
    let sampling = SamplingParams::at_temperature(1.0);
    let responses = ready(policy.sample(prompts, &sampling, &stopping, key, 0)).unwrap().unwrap();
    let texts = starts.iter().enumerate();
    let tokens = texts.flat_map(|(i, &s)| [s].into_iter().chain(responses.response(i).to_vec())).collect();
    (tokens, (1..=starts.len()).map(|i| i * EACH).collect())
}

/// Each step to the next token on a ring of five is worth 1.
fn advantages(tokens: &[u32]) -> (Vec<f32>, f64) {
    let good = |t: usize| !t.is_multiple_of(EACH) && tokens[t] == (tokens[t - 1] + 1) % 5;
    let scores: Vec<f32> = (0..tokens.len()).map(|t| f32::from(good(t))).collect();
    let loss_mask = (tokens.len() / EACH * (EACH - 1)) as f64;
    let mean = scores.iter().map(|&s| f64::from(s)).sum::<f64>() / loss_mask;
    (scores.iter().map(|s| s - mean as f32).collect(), mean)
}

#[test]
fn steps_stay_within_their_bound_and_gain_what_they_promise() {
    let mut policy = Table::random(5, 4);
    let trpo = Trpo { max_kl: 0.02, damping: 1e-3, ..Trpo::default() };
    let mut scores = Vec::new();
    for iteration in 0..12 {
        let (tokens, ends) = written(&mut policy, iteration);
        let sequences = Ragged::new(&tokens, &ends).unwrap();
        let loss_mask = loss_mask(sequences);
        let batch = Batch::new(sequences, &loss_mask).unwrap();
        let (advantages, mean) = advantages(&tokens);
        let mut old = policy.clone();
        let step = ready(trpo.step(&mut policy, batch, &advantages)).unwrap().unwrap();
        assert!(step.moved && step.gain > 0.0 && step.kl <= 0.02, "{step:?}");
        let held = ready(HeldRows::of(&mut policy, batch)).unwrap().unwrap();
        let mut kls = vec![0.0; tokens.len()];
        ready(exact_kls(&mut old, &held, batch, &mut kls)).unwrap().unwrap();
        let exact = kls.iter().sum::<f32>() / loss_mask.iter().filter(|o| **o).count() as f32;
        assert!(exact < 0.03, "{exact} {step:?}");
        if iteration == 0 {
            assert!(exact > 0.01 && step.backtracks <= 1 && step.residual < 0.05, "{exact} {step:?}");
            assert!((step.gain / step.expected - 1.0).abs() < 0.3, "{step:?}");
        }
        scores.push(mean);
    }
    assert!(scores[0] < 0.25 && scores[11] > 0.8, "{scores:?}");
}

#[test]
fn without_a_gain_or_with_a_fault_nothing_moves() {
    let mut policy = Table::random(5, 4);
    let (tokens, ends) = written(&mut policy, 0);
    let sequences = Ragged::new(&tokens, &ends).unwrap();
    let loss_mask = loss_mask(sequences);
    let batch = Batch::new(sequences, &loss_mask).unwrap();
    let before = policy.weights.clone();
    let mut run = |trpo: Trpo, advantages: &[f32]| {
        let got = ready(trpo.step(&mut policy, batch, advantages)).unwrap();
        assert_eq!(policy.weights, before);
        got
    };
    let zero = vec![0.0; tokens.len()];
    assert_eq!(run(Trpo::default(), &zero), Ok(TrpoStep::default()));
    let mut bad = zero.clone();
    bad[1] = f32::NAN;
    assert!(matches!(run(Trpo::default(), &bad), Err(Error::NotFinite { name: "advantages", .. })));
    assert!(matches!(run(Trpo::default(), &zero[1..]), Err(Error::Shape { .. })));
    let (good, _) = advantages(&tokens);
    let step = run(Trpo { max_kl: 1e-20, backtracks: 3, ..Trpo::default() }, &good).unwrap();
    assert!(!step.moved && step.backtracks == 3, "no weight can move so little: {step:?}");
    assert!(run(Trpo { shrink: 1.0, ..Trpo::default() }, &good).is_err());
}
