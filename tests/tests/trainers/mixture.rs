//! Nash-MD against what its paper plays: the mixture of policy and reference.

use crate::trainers::world::{CONTEXT, SFT, STOPPING, glad, gladness, prompts};
use rlhf::train::profile::{OnlineMethod, OnlinePreference, Opponent, WarmUpLength};
use rlhf::train::{Models, OnlineIteration, OnlinePreferences, RewardJudge, TrainError, now};
use rlhf_cpu::Model;

fn settings(whom: Opponent) -> OnlinePreference {
    let mut settings = OnlinePreference::by_name("nash_md").unwrap();
    (settings.passes.optimizer.learning_rate, settings.passes.optimizer.warm_up) =
        (2e-3, WarmUpLength::Steps(0));
    if let OnlineMethod::NashMd { objective, opponent } = &mut settings.method {
        (objective.tau, *opponent) = (0.01, whom);
    }
    settings
}

/// The policy after so many iterations, and what they saw.
fn run(
    whom: Opponent,
    iterations: u32,
    mut judge: impl FnMut(&[u32]) -> f32,
) -> (Model, Vec<OnlineIteration>) {
    let (mut policy, mut reference) = (SFT.clone(), SFT.clone());
    let mut run = OnlinePreferences::new(settings(whom), iterations.into(), 1).unwrap();
    let prompts = prompts(64);
    let seen = (0..iterations).map(|_| {
        let judge = &mut RewardJudge(&mut judge);
        let mut models = Models::new(&mut policy).with_reference(&mut reference).with_reward(judge);
        now(run.iterate_mixed(&mut models, CONTEXT, prompts.sequences().unwrap(), &STOPPING)).unwrap()
    });
    let seen = seen.collect();
    (policy, seen)
}

#[test]
fn a_policy_that_plays_the_mixture_learns_what_is_preferred() {
    let half = Opponent::Mixture { weight: 0.5 };
    let (policy, seen) = run(half, 30, |text| 4.0 * glad(text));
    let (before, after) = (gladness(&SFT), gladness(&policy));
    let rates = [&seen[0], &seen[29]].map(|seen| seen.win_rate.unwrap());
    println!("{before:.2} to {after:.2}, preferred {:.2} to {:.2}", rates[0], rates[1]);
    assert!(before < 0.4 && after > 0.7, "{before} to {after}");
    let (policy, _) = run(half, 30, |_| 0.0);
    assert!((gladness(&policy) - before).abs() < 0.2, "a judge without an opinion taught something");
}

#[test]
fn the_mixture_reaches_from_the_policy_to_the_reference() {
    // After the first iteration the two are no longer the same.
    let of = |whom| run(whom, 2, glad).1.pop().unwrap().texts;
    assert_eq!(of(Opponent::Mixture { weight: 1.0 }), of(Opponent::Reference));
    assert_eq!(of(Opponent::Mixture { weight: 0.0 }), of(Opponent::Policy));
}

#[test]
fn who_cannot_show_rows_is_told_so() {
    let (mut policy, mut reference) = (SFT.clone(), SFT.clone());
    let mut run = OnlinePreferences::new(settings(Opponent::Mixture { weight: 0.5 }), 1, 1).unwrap();
    let (prompts, judge) = (prompts(4), &mut RewardJudge(&mut glad));
    let mut models = Models::new(&mut policy).with_reference(&mut reference).with_reward(judge);
    let refused = now(run.iterate(&mut models, prompts.sequences().unwrap(), &STOPPING)).unwrap_err();
    assert!(matches!(refused, TrainError::Core(_)) && refused.to_string().contains("mixture"), "{refused}");
}
