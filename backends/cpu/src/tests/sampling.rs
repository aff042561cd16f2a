//! The sampler: the scorer's bits, keyed draws, endings.

use super::*;
use alloc::vec;
use alloc::vec::Vec;
use rlhf_core::ready;
use rlhf_core::roles::{Learner, Policy, Reference};
use rlhf_core::sampling::{Filters, FinishReason, Responses, SamplingParams, StopCriteria};
use rlhf_cpu::{Cpu, Isa};

const STOPPING: StopCriteria<'_> = StopCriteria { max_new_tokens: 12, eos: &[0], stop: &[5] };

fn key() -> Key {
    Key::new(9, Stream::Sampling, 0)
}

fn sample(
    model: &mut Model,
    tokens: &[u32],
    ends: &[usize],
    sampling: &SamplingParams,
    first: u32,
) -> Responses {
    let prompts = Ragged::new(tokens, ends).unwrap();
    ready(model.sample(prompts, sampling, &STOPPING, key(), first)).unwrap().unwrap()
}

#[test]
fn sampled_log_probs_are_the_scorers_bits() {
    for kernels in kernels() {
        for architecture in architectures() {
            let mut model = network(&cpu(2, kernels), &architecture, 3);
            let (tokens, ends, _) = text(37, &[3, 20, 1, 30, 7]);
            let responses = sample(&mut model, &tokens, &ends, &SamplingParams::at_temperature(0.8), 0);
            let prompts = Ragged::new(&tokens, &ends).unwrap();
            for (i, (prompt, _)) in prompts.sequences().enumerate() {
                let whole = [prompt, responses.response(i)].concat();
                let loss_mask: Vec<bool> = (0..whole.len()).map(|t| t >= prompt.len()).collect();
                let mut scored = vec![f32::NAN; whole.len()];
                let ends = [whole.len()];
                ready(model.log_probs(batch(&whole, &ends, &loss_mask), &mut scored)).unwrap().unwrap();
                let sampled: Vec<u32> =
                    responses.log_probs[responses.span(i)].iter().map(|p| p.to_bits()).collect();
                let scored: Vec<u32> = scored[prompt.len()..].iter().map(|p| p.to_bits()).collect();
                assert_eq!(sampled, scored, "{kernels:?} response {i}");
            }
        }
    }
}

#[test]
fn a_response_depends_on_its_key_and_prompt_alone() {
    let architecture = &architectures()[0];
    let (tokens, ends, _) = text(37, &[3, 20, 1, 30, 7, 11]);
    let prompts = Ragged::new(&tokens, &ends).unwrap();
    let sampling = SamplingParams::Draw(Filters { top_p: 0.95, temperature: 1.3, ..Filters::default() });
    let mut one = network(&Cpu::new(1, Isa::best()), architecture, 3);
    let all = sample(&mut one, &tokens, &ends, &sampling, 40);
    let mut two = network(&Cpu::new(2, Isa::best()), architecture, 3);
    assert_eq!(all, sample(&mut two, &tokens, &ends, &sampling, 40));
    for (i, (prompt, _)) in prompts.sequences().enumerate() {
        let alone = sample(&mut two, prompt, &[prompt.len()], &sampling, 40 + i as u32);
        assert_eq!(alone.tokens, all.response(i));
        assert_eq!(alone.finish[0], all.finish[i]);
    }
    assert_ne!(all.tokens, sample(&mut two, &tokens, &ends, &sampling, 41).tokens);
}

#[test]
fn endings_are_what_they_say() {
    let architecture = &architectures()[0];
    let mut model = network(&Cpu::new(2, Isa::best()), architecture, 3);
    let mut counts = [0; 3];
    for i in 0..40 {
        // A prompt of 40 leaves 8 of 48; the others end at 12.
        let tokens: Vec<u32> = (0..if i % 4 == 0 { 40 } else { 2 }).map(|t| (t * 7 + i) % 37).collect();
        let out = sample(&mut model, &tokens, &[tokens.len()], &SamplingParams::at_temperature(1.0), i);
        let last = *out.tokens.last().unwrap();
        match out.finish[0] {
            FinishReason::Eos => assert_eq!(last, 0),
            FinishReason::Stop => assert_eq!(last, 5),
            FinishReason::Length => {
                assert!(out.tokens.len() == if i % 4 == 0 { 8 } else { 12 }, "{}", out.tokens.len())
            }
        }
        counts[out.finish[0] as usize] += 1;
        let body = &out.tokens[..out.tokens.len() - 1];
        assert!(!body.contains(&0) && !body.contains(&5));
    }
    assert!(counts.iter().all(|&n| n > 0), "{counts:?}");
}

/// Pearson's statistic of first tokens against the softmax of the logits.
#[test]
fn draws_follow_the_distribution() {
    let architecture = &architectures()[0];
    let mut model = network(&Cpu::new(2, Isa::best()), architecture, 3);
    let prompt = [4u32, 9, 2];
    let n = 4000;
    let tokens = prompt.repeat(n);
    let ends: Vec<usize> = (1..=n).map(|i| i * prompt.len()).collect();
    let stopping = StopCriteria { max_new_tokens: 1, eos: &[], stop: &[] };
    let sampling = SamplingParams::at_temperature(0.7);
    let prompts = Ragged::new(&tokens, &ends).unwrap();
    let out = ready(model.sample(prompts, &sampling, &stopping, key(), 0)).unwrap().unwrap();
    let logits = model.logits(Ragged::new(&prompt, &[3]).unwrap()).unwrap();
    let weights: Vec<f64> = logits.row(2).iter().map(|l| (f64::from(*l) / 0.7).exp()).collect();
    let total: f64 = weights.iter().sum();
    let mut statistic = 0.0;
    for (token, w) in weights.iter().enumerate() {
        let expected = n as f64 * w / total;
        let observed = out.tokens.iter().filter(|t| **t as usize == token).count() as f64;
        statistic += (observed - expected).powi(2) / expected;
    }
    // 36 degrees of freedom: 0.1 % lie above 67.99.
    assert!(statistic < 67.99, "{statistic}");
}

#[test]
fn greedy_takes_the_highest_logit_and_steps_are_seen() {
    struct Push;
    impl Objective for Push {
        fn needs(&self) -> Needs {
            Needs { log_probs: true, ..Needs::default() }
        }
        fn tokens(
            &mut self,
            _: &[usize],
            p: &[f32],
            _: &[f32],
            g: &mut [f32],
            _: &mut [f32],
        ) -> Result<f64, Error> {
            g.fill(-1.0);
            Ok(f64::from(-p.iter().sum::<f32>()))
        }
    }
    let architecture = &architectures()[1];
    let mut model = network(&Cpu::new(2, Isa::best()), architecture, 3);
    let prompt = [4u32, 9, 2];
    let out = sample(&mut model, &prompt, &[3], &SamplingParams::Greedy, 0);
    let logits = model.logits(Ragged::new(&prompt, &[3]).unwrap()).unwrap();
    let best = logits.row(2).iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).unwrap().0;
    assert_eq!(out.tokens[0] as usize, best);
    // Learning another answer changes what is sampled: packed weights are not stale.
    let wanted = if best == 7 { 8 } else { 7 };
    let text = [prompt.as_slice(), &[wanted]].concat();
    let ends = [4];
    let update =
        rlhf_core::optim::Update { learning_rate: 0.01, adam: Default::default(), max_grad_norm: Some(1.0) };
    for _ in 0..30 {
        let loss_mask = [false, false, false, true];
        ready(model.accumulate(batch(&text, &ends, &loss_mask), &mut Push)).unwrap().unwrap();
        ready(model.step(&update)).unwrap().unwrap();
    }
    assert_eq!(sample(&mut model, &prompt, &[3], &SamplingParams::Greedy, 0).tokens[0], wanted);
}
