use super::*;
use crate::profile::Profile;
use alloc::vec;
use alloc::vec::Vec;
use rlhf_core::advantage::{Response, estimate};
use rlhf_core::sampling::FinishReason;

/// Rollouts with random numbers in every column that the roles fill in.
fn scored(window: usize) -> Rollouts {
    let mut draws = Key::new(3, Stream::Data, 0).draws(0);
    let mut out = Rollouts::growing();
    for (prompt, response) in [(1, 1), (3, 5), (2, window), (4, 2)] {
        let log_probs: Vec<f32> = (0..response).map(|_| -draws.uniform() as f32 * 3.0).collect();
        let finish = [FinishReason::Eos, FinishReason::Length, FinishReason::Stop][response % 3];
        out.push(&vec![7; prompt], &vec![5; response], &log_probs, finish).unwrap();
    }
    let columns = out.columns_mut();
    columns.ref_log_probs.fill_with(|| -draws.uniform() as f32 * 3.0);
    columns.values.fill_with(|| draws.normal() as f32);
    columns.scores.fill_with(|| draws.normal() as f32);
    out
}

/// Batched, as the trainer does it, and response by response, as the maths defines it.
#[test]
fn a_rollouts_estimates_are_those_of_its_responses() {
    let window = 6;
    for name in Profile::names() {
        let mut settings = Profile::by_name(name).unwrap().ppo;
        settings.advantage_whitening = AdvantageWhitening::None;
        settings.reward_whitening = None;
        let run = Ppo::new(settings, 10, 1).unwrap();
        let before = scored(window);
        let after = run.advantages(before.clone(), window).unwrap().rollouts;
        for i in 0..before.len() {
            let span = before.response_span(i);
            let steps = settings.shaping.placement.steps(span.len(), window);
            let response = Response {
                log_probs: &before.log_probs()[span.clone()],
                reference: &before.ref_log_probs()[span.clone()],
                values: &before.values()[span.start - 1..span.end],
                score: f64::from(before.scores()[i]),
                finish: before.finish()[i],
            };
            let (mut rewards, mut advantages) = (vec![0.0; steps], vec![0.0; steps]);
            let mut returns = vec![0.0; steps];
            estimate(
                &settings.shaping,
                &settings.gae,
                settings.controller.beta(),
                &response,
                &mut rewards,
                &mut advantages,
                &mut returns,
            )
            .unwrap();
            assert_eq!(after.advantages()[span.clone()], advantages[..span.len()], "{name}");
            assert_eq!(after.returns()[span.start - 1..span.start - 1 + steps], returns, "{name}");
        }
    }
}

#[test]
fn whitened_advantages_have_mean_0_and_prompts_have_none() {
    let run = Ppo::new(Profile::instructgpt().ppo, 10, 1).unwrap();
    let after = run.advantages(scored(6), 6).unwrap().rollouts;
    let loss_mask = after.loss_mask();
    let picked = after.advantages().iter().zip(&loss_mask).filter(|(_, loss_mask)| **loss_mask);
    let sum: f32 = picked.map(|(a, _)| a).sum();
    assert!(sum.abs() < 1e-4, "{sum}");
}
