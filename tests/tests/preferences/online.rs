//! Learning from a policy's own responses, compared by a reward or a judge, raises the reward.

use crate::preferences::world::{STOPPING, fast, mean_worth, prompts, reference, worth};
use rlhf::train::profile::{OnlineMethod, OnlinePreference, Opponent, RolloutPasses};
use rlhf::train::{
    Guard, Guards, Judge, Models, OnlineIteration, OnlinePreferences, RewardJudge, TrainError, now,
};
use rlhf_core::loss::{NashMd, Preference, PreferenceLoss};
use rlhf_core::testing::Table;

fn settings(name: &str) -> OnlinePreference {
    let settings = OnlinePreference::by_name(name).unwrap();
    let passes = RolloutPasses { optimizer: fast(settings.passes.optimizer, 0.05), ..settings.passes };
    OnlinePreference { temperature: 1.0, passes, ..settings }
}

/// Iterations on 64 prompts each.
fn run<J: Judge<Error: 'static>>(
    settings: OnlinePreference,
    judge: &mut J,
    iterations: u64,
) -> Result<(Table, Vec<OnlineIteration>), TrainError> {
    let (mut policy, mut base, prompts) = (reference(), reference(), prompts(64));
    let mut online = OnlinePreferences::new(settings, iterations, 3)?;
    let mut seen = Vec::new();
    for _ in 0..iterations {
        let (policy, reference) = (&mut policy, &mut base);
        let mut models = Models::new(policy).with_reference(reference).with_reward(&mut *judge);
        seen.push(now(online.iterate(&mut models, prompts.sequences()?, &STOPPING))?);
    }
    assert_eq!(u64::from(online.iteration()), iterations);
    Ok((policy, seen))
}

#[test]
fn every_method_raises_the_reward() {
    let before = mean_worth(&reference());
    let ipo = OnlineMethod::BestAndWorst { objective: Preference::new(PreferenceLoss::Ipo), samples: 4 };
    let play = OnlineMethod::NashMd { objective: NashMd::default(), opponent: Opponent::Policy };
    let simpo = OnlineMethod::BestAndWorst { objective: Preference::new(PreferenceLoss::Simpo), samples: 2 };
    let methods = [ipo, play, simpo].map(|method| OnlinePreference { method, ..settings("xpo") });
    for settings in OnlinePreference::names().map(settings).chain(methods) {
        let mut reward = |text: &[u32]| 10.0 * worth(&text[1..]);
        let (policy, seen) = run(settings, &mut RewardJudge(&mut reward), 30).unwrap();
        let gained = mean_worth(&policy) - before;
        let (first, last) = (&seen[0], &seen[29]);
        println!("{:?}: worth +{gained:.3}, {:?} nats", settings.method, last.kl);
        assert!(gained > 0.15, "{:?}: {gained}", settings.method);
        // The policy is the reference still.
        assert!(first.kl.is_none_or(|kl| kl.abs() < 1e-6), "{first:?}");
        assert!(last.kl.is_none_or(|kl| kl > 0.1), "{:?}", last.kl);
        assert_eq!((first.length, first.ended), (4.0, 0.0));
        let plays_itself = matches!(settings.method, OnlineMethod::NashMd { opponent: Opponent::Policy, .. });
        assert!(plays_itself || last.win_rate.is_none_or(|rate| rate > 0.6), "{:?}", last.win_rate);
    }
}

#[test]
fn a_judge_of_pairs_serves_and_ties_teach_nothing() {
    let mut judge = |_: &[u32], first: &[u32], second: &[u32]| {
        if worth(first) > worth(second) { 0.9 } else { 0.1 }
    };
    let (policy, seen) = run(settings("online_dpo"), &mut judge, 30).unwrap();
    assert!(mean_worth(&policy) - mean_worth(&reference()) > 0.15);
    assert_eq!((seen[0].learnt, seen[0].pairs.pairs), (64, 64));
    let mut same = |_: &[u32], _: &[u32], _: &[u32]| 0.5;
    let (policy, seen) = run(settings("online_dpo"), &mut same, 2).unwrap();
    assert_eq!(policy.weights, reference().weights);
    assert_eq!((seen[1].learnt, seen[1].pairs.pairs), (0, 0));
}

#[test]
fn responses_to_one_prompt_differ_and_lie_together() {
    let mut judge = |_: &[u32], _: &[u32], _: &[u32]| 0.5;
    for name in OnlinePreference::names() {
        let seen = run(settings(name), &mut judge, 1).unwrap().1.remove(0);
        assert_eq!((seen.texts.len(), seen.each, seen.preferred.len()), (128, 2, 256));
        let alike = (0..64).filter(|i| seen.texts.text(2 * i) == seen.texts.text(2 * i + 1)).count();
        assert!(alike < 4, "{name}: {alike}");
        assert!((0..64).all(|i| seen.texts.text(2 * i)[0] == seen.texts.text(2 * i + 1)[0]));
    }
}

#[test]
fn minibatches_and_passes_are_optimizer_steps() {
    let mut judge = |_: &[u32], first: &[u32], _: &[u32]| if first[0] > 3 { 0.9 } else { 0.2 };
    let mut settings = settings("online_dpo");
    (settings.passes.epochs, settings.passes.minibatches) = (2, 4);
    let (policy, seen) = run(settings, &mut judge, 1).unwrap();
    assert_eq!((policy.accumulated.len(), seen[0].learnt, seen[0].pairs.pairs), (8, 64, 128));
}

#[test]
fn a_policy_too_far_from_its_reference_is_stopped_before_it_learns() {
    let (mut policy, mut base, prompts) = (reference(), reference(), prompts(16));
    policy.weights[7] += 9.0;
    let there = policy.weights.clone();
    let guards = Guards { max_kl: 0.05, ..Guards::default() };
    let mut online =
        OnlinePreferences::new(settings("online_dpo"), 1, 3).unwrap().with_guards(guards).unwrap();
    let mut judge = |_: &[u32], _: &[u32], _: &[u32]| 0.9;
    let (policy, reference) = (&mut policy, &mut base);
    let mut models = Models::new(policy).with_reference(reference).with_reward(&mut judge);
    let error = now(online.iterate(&mut models, prompts.sequences().unwrap(), &STOPPING)).unwrap_err();
    let TrainError::Guard(fault) = &error else { panic!("{error}") };
    assert_eq!((fault.guard, fault.limit), (Guard::Kl, Some(0.05)));
    assert!(fault.value > 0.05 && !fault.offenders.is_empty(), "{fault}");
    assert_eq!((&models.policy.weights, online.iteration()), (&there, 0));
}

#[test]
fn a_judge_that_gives_no_probability_is_refused() {
    let mut judge = |_: &[u32], _: &[u32], _: &[u32]| f32::NAN;
    let error = run(settings("online_dpo"), &mut judge, 1).unwrap_err();
    assert!(error.to_string().starts_with("preferred"), "{error}");
}
