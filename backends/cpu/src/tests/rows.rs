//! Algorithms of `rlhf-core` on rows and parameters, with the engine.

use super::*;
use alloc::vec;
use alloc::vec::Vec;
use rlhf_core::capabilities::Parameters;
use rlhf_core::loss::Linear;
use rlhf_core::optim::{Fisher, Trpo};
use rlhf_core::ready;
use rlhf_core::roles::{Learner, Policy};
use rlhf_core::sampling::{Filters, Mixture, Request, SamplingParams, StopCriteria, sample_by};

#[test]
fn guided_sampling_without_a_guide_is_the_engines_own() {
    let cpu = Cpu::default();
    let (prompts, ends, _) = text(37, &[3, 1, 7, 2]);
    let filters = Filters { temperature: 0.8, top_k: 20, top_p: 0.9, ..Filters::default() };
    let stopping = StopCriteria { max_new_tokens: 30, eos: &[0], stop: &[5] };
    for architecture in architectures() {
        let (mut policy, mut other) = (network(&cpu, &architecture, 1), network(&cpu, &architecture, 2));
        for sampling in
            [SamplingParams::Greedy, SamplingParams::at_temperature(0.7), SamplingParams::Draw(filters)]
        {
            let request = Request {
                prompts: Ragged::new(&prompts, &ends).unwrap(),
                sampling: &sampling,
                stopping: &stopping,
                context: architecture.context,
                key: Key::new(4, Stream::Sampling, 0),
                first: 2,
            };
            let own = |policy: &mut Model| {
                ready(policy.sample(request.prompts, &sampling, &stopping, request.key, 2)).unwrap().unwrap()
            };
            let mut all = Mixture::new(&mut other, 1.0).unwrap();
            let got = ready(sample_by(&mut policy, &mut (), &request)).unwrap().unwrap();
            let others = ready(sample_by(&mut policy, &mut all, &request)).unwrap().unwrap();
            for (got, want) in [(got, own(&mut policy)), (others, own(&mut other))] {
                assert_eq!((got.tokens, got.ends, got.finish), (want.tokens, want.ends, want.finish));
                let pairs = got.log_probs.iter().zip(&want.log_probs);
                pairs.for_each(|(got, want)| assert!((got - want).abs() < 1e-4, "{got} {want}"));
            }
        }
    }
}

#[test]
fn a_fisher_product_is_that_of_every_tokens_gradient() {
    let cpu = Cpu::default();
    let (tokens, ends, loss_mask) = text(37, &[6, 9, 2, 12]);
    let batch = batch(&tokens, &ends, &loss_mask);
    for architecture in architectures() {
        let mut policy = network(&cpu, &architecture, 1);
        let mut pulled = |cotangents: &[f32]| -> Vec<f64> {
            let mut gradient = vec![0.0; policy.parameters()];
            ready(policy.accumulate(batch, &mut Linear::new(cotangents).unwrap())).unwrap().unwrap();
            ready(policy.take_gradient(&mut gradient)).unwrap().unwrap();
            gradient.into_iter().map(f64::from).collect()
        };
        let v = pulled(&vec![1.0; tokens.len()]);
        let (mut want, mut count) = (vec![0.0; v.len()], 0.0);
        for t in (0..tokens.len()).filter(|&t| loss_mask[t]) {
            let mut one = vec![0.0; tokens.len()];
            one[t] = 1.0;
            let gradient = pulled(&one);
            let along: f64 = gradient.iter().zip(&v).map(|(g, v)| g * v).sum();
            want.iter_mut().zip(gradient).for_each(|(want, g)| *want += along * g);
            count += 1.0;
        }
        let mut got = vec![f64::NAN; v.len()];
        let mut fisher = ready(Fisher::new(&mut policy, batch, 0.01)).unwrap().unwrap();
        ready(fisher.product(&mut policy, &v, &mut got)).unwrap().unwrap();
        let length = |x: &mut dyn Iterator<Item = f64>| x.map(|x| x * x).sum::<f64>().sqrt();
        let far = length(&mut got.iter().zip(&want).map(|(got, want)| got - want / count));
        let long = length(&mut want.iter().map(|want| want / count));
        assert!(far < 0.01 * long, "{far} of {long}");
    }
}

#[test]
fn a_trust_region_step_keeps_its_word() {
    let cpu = Cpu::default();
    let (tokens, ends, loss_mask) = text(37, &[6, 9, 2, 12]);
    let batch = batch(&tokens, &ends, &loss_mask);
    let advantages: Vec<f32> = tokens.iter().map(|&token| if token % 2 == 0 { 0.5 } else { -0.5 }).collect();
    for architecture in architectures() {
        let mut policy = network(&cpu, &architecture, 1);
        let step = ready(Trpo::default().step(&mut policy, batch, &advantages)).unwrap().unwrap();
        assert!(step.moved && step.gain > 0.0 && step.kl <= 0.01, "{step:?}");
        assert!((step.gain / step.expected - 1.0).abs() < 0.5, "{step:?}");
    }
}
