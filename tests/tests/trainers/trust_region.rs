use crate::trainers::world::{SFT, STOPPING, coin, glad, gladness, prompts};
use rlhf::train::profile::{self, Credit};
use rlhf::train::{IterationReport, Models, TrustRegion, now};
use rlhf_core::advantage::{Baseline, GroupAdvantages, Scale};
use rlhf_core::optim::{Trpo, TrpoStep};
use rlhf_cpu::Model;

const MAX_KL: f64 = 0.02;

fn settings() -> profile::TrustRegion {
    let step = Trpo { max_kl: MAX_KL, damping: 1e-3, ..Trpo::default() };
    profile::TrustRegion { prompts: 32, beta: 0.0, step, ..profile::TrustRegion::default() }
}

fn step(
    run: &mut TrustRegion,
    policy: &mut Model,
    mut reward: impl FnMut(&[u32]) -> f32,
) -> (IterationReport, TrpoStep) {
    let prompts = prompts(64);
    let mut models = Models::new(policy).with_reference(SFT.clone()).with_reward(&mut reward);
    now(run.iterate(&mut models, prompts.sequences().unwrap(), &STOPPING)).unwrap()
}

#[test]
fn steps_within_the_bound_learn_what_is_wanted() {
    let mut policy = SFT.clone();
    let mut run = TrustRegion::new(settings(), 1).unwrap();
    for _ in 0..15 {
        let (seen, step) = step(&mut run, &mut policy, glad);
        assert_eq!(seen.rollouts.len(), 128);
        assert!(!step.moved || step.gain > 0.0 && step.kl <= MAX_KL, "{step:?}");
    }
    let (before, after) = (gladness(&SFT), gladness(&policy));
    println!("{before:.2} to {after:.2}");
    assert!(before < 0.4 && after > 0.8, "{before} to {after}");
    assert_eq!(run.state().iteration, 15);
}

#[test]
fn a_coin_or_nothing_teaches_nothing() {
    let mut policy = SFT.clone();
    let mut run = TrustRegion::new(settings(), 1).unwrap();
    let (_, none) = step(&mut run, &mut policy, |_| 1.0);
    assert_eq!(none, TrpoStep::default());
    assert_eq!(policy.weights(), SFT.weights());
    let mut reward = coin();
    for _ in 0..15 {
        step(&mut run, &mut policy, &mut reward);
    }
    let after = gladness(&policy);
    assert!(after < 0.6, "{after}");
}

#[test]
fn a_run_goes_on_to_the_same_bits() {
    let credit =
        GroupAdvantages { baseline: Baseline::Moving { decay: 0.5 }, scale: Scale::None, epsilon: 0.0 };
    let new = || {
        let settings = profile::TrustRegion { credit: Credit::Response(credit), ..settings() };
        TrustRegion::new(settings, 1).unwrap()
    };
    let (mut policy, mut whole) = (SFT.clone(), new());
    let all: Vec<_> = (0..3).map(|_| step(&mut whole, &mut policy, glad)).collect();
    let (mut again, mut first) = (SFT.clone(), new());
    step(&mut first, &mut again, glad);
    let state = serde_json::from_str(&serde_json::to_string(&first.state()).unwrap()).unwrap();
    let mut second = new().after(state);
    for (seen, taken) in &all[1..] {
        let (rollouts, step) = step(&mut second, &mut again, glad);
        assert_eq!((&rollouts.rollouts, &step), (&seen.rollouts, taken));
    }
    assert_eq!(again.weights(), policy.weights());
}
