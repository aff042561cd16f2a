use crate::trainers::world::{SFT, STOPPING, coin, glad, gladness, prompts};
use rlhf::train::profile;
use rlhf::train::{ExpertIteration, Guards, Models, Selected, TrainError, now};
use rlhf_cpu::Model;

fn quick(mut settings: profile::ExpertIteration) -> profile::ExpertIteration {
    (settings.passes.minibatches, settings.passes.optimizer.learning_rate) = (2, 2e-3);
    settings
}

fn step(run: &mut ExpertIteration, policy: &mut Model, mut reward: impl FnMut(&[u32]) -> f32) -> Selected {
    attempt(run, policy, &mut reward, 32).unwrap()
}

fn attempt(
    run: &mut ExpertIteration,
    policy: &mut Model,
    reward: &mut impl FnMut(&[u32]) -> f32,
    count: usize,
) -> Result<Selected, TrainError> {
    let prompts = prompts(count);
    let mut models = Models::new(policy).with_reference(SFT.clone()).with_reward(reward);
    now(run.iterate(&mut models, prompts.sequences().unwrap(), &STOPPING))
}

#[test]
fn what_is_kept_is_said_more_often() {
    for settings in [profile::ExpertIteration::best_of(4), profile::ExpertIteration::at_least(4, 1.0)] {
        let (mut policy, mut seen) = (SFT.clone(), Vec::new());
        let mut run = ExpertIteration::new(quick(settings), 15, 1).unwrap();
        for _ in 0..15 {
            let step = step(&mut run, &mut policy, glad);
            assert!(step.kept_score.is_none_or(|kept| kept >= step.report.score));
            assert_eq!(step.keep.len(), step.report.rollouts.len());
            seen.push(step.report.score);
        }
        let (before, after) = (gladness(&SFT), gladness(&policy));
        println!("{:?}: {before:.2} to {after:.2}", settings.selection);
        assert!(before < 0.4 && seen[0] < 0.5 && after > 0.9, "{before} to {after}: {seen:?}");
    }
}

#[test]
fn a_coin_teaches_nothing() {
    let mut policy = SFT.clone();
    let mut run = ExpertIteration::new(quick(profile::ExpertIteration::best_of(4)), 15, 1).unwrap();
    let mut reward = coin();
    for _ in 0..15 {
        let seen = step(&mut run, &mut policy, &mut reward);
        assert!(seen.kept_score.unwrap() > seen.report.score, "the best of four coins");
    }
    let after = gladness(&policy);
    assert!(after < 0.6, "{after}");
}

#[test]
fn where_nothing_is_kept_nothing_moves() {
    let mut policy = SFT.clone();
    let mut run = ExpertIteration::new(profile::ExpertIteration::at_least(2, 9.0), 1, 1).unwrap();
    let seen = step(&mut run, &mut policy, glad);
    assert_eq!((seen.kept_score, seen.loss, run.iteration()), (None, 0.0, 1));
    assert_eq!(policy.weights(), SFT.weights());
    let got = attempt(&mut run, &mut policy, &mut glad, 0);
    assert!(matches!(got, Err(TrainError::Nothing { what: "prompts" })));
}

#[test]
fn a_run_goes_on_to_the_same_bits() {
    let new = || ExpertIteration::new(quick(profile::ExpertIteration::best_of(4)), 4, 1).unwrap();
    let (mut policy, mut whole) = (SFT.clone(), new());
    let all: Vec<Selected> = (0..4).map(|_| step(&mut whole, &mut policy, glad)).collect();
    let (mut again, mut first) = (SFT.clone(), new());
    (0..2).for_each(|_| drop(step(&mut first, &mut again, glad)));
    let mut second = new().after(first.iteration());
    for seen in &all[2..] {
        let got = step(&mut second, &mut again, glad);
        assert_eq!(
            (&got.report.rollouts, &got.keep, got.loss),
            (&seen.report.rollouts, &seen.keep, seen.loss)
        );
    }
    assert_eq!(again.weights(), policy.weights());
}

#[test]
fn a_score_that_is_no_number_stops_the_run_before_it_learns() {
    let mut policy = SFT.clone();
    let mut run = ExpertIteration::new(quick(profile::ExpertIteration::best_of(4)), 4, 1).unwrap();
    let mut broken = |_: &[u32]| f32::NAN;
    let got = attempt(&mut run, &mut policy, &mut broken, 4);
    let Err(TrainError::Guard(fault)) = got else { panic!("{got:?}") };
    assert_eq!(fault.offenders.len(), 16);
    assert_eq!((policy.weights(), run.iteration()), (SFT.weights(), 0));
}

#[test]
fn a_policy_that_went_too_far_stops_the_run() {
    let mut policy = SFT.clone();
    let guards = Guards { max_kl: 1e-3, ..Guards::default() };
    let run = ExpertIteration::new(quick(profile::ExpertIteration::best_of(4)), 9, 1).unwrap();
    let mut run = run.with_guards(guards).unwrap();
    let seen: Vec<_> = (0..9).map_while(|_| attempt(&mut run, &mut policy, &mut glad, 8).ok()).collect();
    // The first iteration is of the reference itself.
    assert!((1..9).contains(&seen.len()), "{}", seen.len());
    let got = attempt(&mut run, &mut policy, &mut glad, 8);
    assert!(matches!(got, Err(TrainError::Guard(_))), "{got:?}");
}
