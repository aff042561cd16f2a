//! Faults that show in a minibatch: its step is not taken, and its gradient is dropped.

use super::rollout::{fault, indices};
use super::spy::Spy;
use rlhf::train::{Guard, Guards, Place};
use rlhf_tests::small::{Small, bits, settings};

#[test]
fn an_exploding_ratio_stops_the_minibatch_that_shows_it() {
    let mut settings = settings();
    settings.policy.learning_rate = 10.0;
    let mut small = Small::new(settings, 1).with_policy(Spy::new);
    let fault = fault(small.iterate(&mut |text: &[u32]| text.len() as f32));
    // The first minibatch's ratio is 1: it is its step that the second one sees.
    assert_eq!(fault.guard, Guard::Ratio);
    assert_eq!(fault.place, Place::Minibatch { iteration: 1, minibatch: 2 });
    assert_eq!(small.policy.steps, 1);
    assert!(small.policy.model.gradient().iter().all(|g| *g == 0.0));
    assert!(fault.value > 10.0 && fault.of == 8);
    for offender in &fault.offenders {
        let (_, ratio) = offender.columns.iter().find(|(name, _)| *name == "ratio").unwrap();
        let mean = ratio.iter().map(|r| f64::from(r.max(1.0 / r))).sum::<f64>() / ratio.len() as f64;
        assert!(mean > 10.0, "{ratio:?}");
    }
    let message = fault.to_string();
    for part in ["iteration 1, minibatch 2", "limit 10", "ppo.policy.learning_rate", "ppo.controller"] {
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn a_step_that_the_learner_refuses_keeps_its_minibatch() {
    let mut small = Small::new(settings(), 1).with_policy(Spy::new);
    small.policy.refuses = 4;
    small.iterate(&mut |_: &[u32]| 1.0).unwrap();
    let fault = fault(small.iterate(&mut |text: &[u32]| text.len() as f32));
    assert_eq!(fault.guard, Guard::Gradient);
    assert_eq!(fault.place, Place::Minibatch { iteration: 2, minibatch: 2 });
    assert_eq!((fault.offenders.len(), small.policy.steps), (8, 3));
    assert!(fault.to_string().contains("policy") && fault.to_string().contains("gradient"), "{fault}");
}

#[test]
fn a_critic_that_diverges_is_stopped_in_its_minibatch() {
    let mut settings = settings();
    (settings.critic.learning_rate, settings.critic.max_grad_norm) = (1e30, None);
    let mut small = Small::new(settings, 1);
    let fault = fault(small.iterate(&mut |text: &[u32]| text.len() as f32));
    assert_eq!(fault.guard, Guard::NonFinite);
    assert_eq!(fault.place, Place::Minibatch { iteration: 1, minibatch: 2 });
    assert!(fault.what.contains("critic"), "{fault}");
    assert_eq!(fault.offenders.len(), 8);
    assert!(small.critic.gradient().iter().all(|g| *g == 0.0));
}

#[test]
fn a_loss_too_large_for_its_type_is_not_learned_as_nothing() {
    let mut settings = settings();
    settings.policy.learning_rate = 10.0;
    let mut small = Small::new(settings, 1);
    small.ppo = small.ppo.with_guards(Guards { max_ratio: f64::INFINITY, ..Guards::default() }).unwrap();
    // Without the guard the run goes on, or ends with a number that is not finite: never silently.
    for _ in 0..5 {
        match small.iterate(&mut |text: &[u32]| text.len() as f32) {
            Ok(seen) => assert!(seen.policy.ratio.is_finite()),
            Err(error) => return assert!(error.to_string().contains("finite"), "{error}"),
        }
    }
}

#[test]
fn guards_change_nothing_in_a_run_that_none_stops() {
    let run = |guards: Guards| {
        let mut small = Small::new(settings(), 1);
        small.ppo = small.ppo.with_guards(guards).unwrap();
        for _ in 0..3 {
            small.iterate(&mut |text: &[u32]| text.len() as f32).unwrap();
        }
        (bits(&small.policy), bits(&small.critic))
    };
    let off = Guards {
        max_ratio: f64::INFINITY,
        max_kl: f64::INFINITY,
        min_entropy: 0.0,
        patience: 0,
        ..Guards::default()
    };
    assert_eq!(run(Guards::default()), run(off));
    // Names every offender when the limit is next to nothing.
    let mut small = Small::new(settings(), 1);
    small.ppo = small.ppo.with_guards(Guards { max_ratio: 1.0, ..Guards::default() }).unwrap();
    let fault = fault(small.iterate(&mut |text: &[u32]| text.len() as f32));
    assert_eq!((fault.guard, indices(&fault).len()), (Guard::Ratio, 8));
}
