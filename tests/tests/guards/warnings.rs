//! Warnings, after which a run continues.

use rlhf::train::{Examples, Guards, History, IterationReport, Warning};
use rlhf_core::advantage::KlController;
use rlhf_tests::small::{Small, settings};

fn responses(seen: &IterationReport) -> impl Iterator<Item = &[u32]> {
    (0..seen.rollouts.len()).map(|i| &seen.rollouts.sequences().tokens()[seen.rollouts.response_span(i)])
}

fn fours(text: &[u32]) -> f32 {
    text.iter().filter(|&&t| t == 4).count() as f32
}

#[test]
fn repeating_one_word_without_a_kl_penalty_collapses_the_entropy() {
    let mut settings = settings();
    settings.controller = KlController::Fixed { beta: 0.0 };
    settings.policy.learning_rate = 0.02;
    let mut small = Small::new(settings, 1);
    let (guards, mut history) = (Guards::default(), History::default());
    let mut warned = Vec::new();
    for iteration in 1..=40 {
        let seen = small.iterate(&mut fours).unwrap();
        for warning in guards.look(&seen, &history) {
            let Warning::Entropy { now, first, limit } = warning else { continue };
            assert!(now == seen.entropy_estimate && now < limit && limit == 0.1 * first);
            assert!(warning.to_string().contains("ppo.controller"), "{warning}");
            warned.push(iteration);
        }
        history.push(&seen);
    }
    assert!(!warned.is_empty() && warned[0] > 5, "{warned:?}");
}

#[test]
fn reward_that_rises_without_gold_is_warned_of() {
    // People want one or two fours; the reward model counts them.
    let gold = |seen: &IterationReport| {
        let good = responses(seen).filter(|text| (1.0..=2.0).contains(&fours(text)));
        good.count() as f64 / seen.rollouts.len() as f64
    };
    let mut settings = settings();
    (settings.controller, settings.policy.learning_rate) = (KlController::Fixed { beta: 0.0 }, 0.02);
    let mut small = Small::new(settings, 1);
    let (guards, mut hacked, mut honest) = (Guards::default(), History::default(), History::default());
    let mut first = None;
    for iteration in 1..=30 {
        let seen = small.iterate(&mut fours).unwrap();
        hacked.measure(seen.score, gold(&seen));
        honest.measure(seen.score, seen.score);
        assert_eq!(guards.compare(&honest), None, "iteration {iteration}");
        if let (None, Some(warning)) = (first, guards.compare(&hacked)) {
            let Warning::Gold { reward, gold, since } = warning else { panic!("{warning}") };
            assert!(reward.1 > reward.0 && gold.1 <= gold.0 && since >= 3);
            first = Some(iteration);
        }
    }
    assert!(first.is_some_and(|iteration| iteration > 3), "{first:?}");
}

#[test]
fn a_reference_that_is_not_the_policys_own_is_seen_by_its_negative_kl() {
    let mut small = Small::new(settings(), 1);
    small.prompts = Examples::try_from_iter((0..64u32).map(|i| ([2 + i % 4, 6 + i % 5], []))).unwrap();
    let mut seen = small.iterate(&mut fours).unwrap();
    assert_eq!(Guards::default().look(&seen, &History::default()), []);
    // As where the reference divides its logits by another temperature: all its words are likelier.
    seen.rollouts.columns_mut().ref_log_probs.iter_mut().for_each(|p| *p *= 0.8);
    let (new, old) = (seen.rollouts.log_probs().iter(), seen.rollouts.ref_log_probs());
    seen.kl = new.zip(old).map(|(p, q)| f64::from(p - q)).sum::<f64>() / 64.0;
    let warnings = Guards::default().look(&seen, &History::default());
    assert!(matches!(warnings[..], [Warning::NegativeKl { .. }]), "{warnings:?}");
}

#[test]
fn each_limit_of_a_warning_warns_beyond_it_and_not_within() {
    let kinds = |guards: &Guards, seen: &IterationReport, history: &History| -> Vec<&'static str> {
        let kind = |warning: &Warning| match warning {
            Warning::Kl { .. } => "kl",
            Warning::Ended { .. } => "ended",
            Warning::Length { .. } => "length",
            Warning::TiedRewards { .. } => "tied_rewards",
            _ => "another",
        };
        guards.look(seen, history).iter().map(kind).collect()
    };
    let (guards, mut history) = (Guards::default(), History::default());
    let mut small = Small::new(settings(), 3);
    let healthy = small.iterate(&mut fours).unwrap();
    assert_eq!(kinds(&guards, &healthy, &history), [""; 0]);
    history.push(&healthy);
    let far = IterationReport { kl: guards.kl_budget + 0.5, ..healthy.clone() };
    assert_eq!(kinds(&guards, &far, &history), ["kl"]);
    // 16 responses: half of them might end by chance, a fifth hardly.
    let endless = IterationReport { ended: 0.125, ..healthy.clone() };
    assert_eq!(kinds(&guards, &endless, &history), ["ended"]);
    assert_eq!(kinds(&guards, &IterationReport { ended: 0.375, ..healthy.clone() }, &history), [""; 0]);
    assert_eq!(kinds(&Guards { min_ended: 0.0, ..guards }, &endless, &history), [""; 0]);
    let longer = |times: f64| IterationReport { length: times * healthy.length, ..healthy.clone() };
    assert_eq!(kinds(&guards, &longer(2.25), &history), ["length"]);
    assert_eq!(kinds(&guards, &longer(1.75), &history), [""; 0]);
    assert_eq!(kinds(&guards, &longer(2.25), &History::default()), [""; 0], "nothing to compare with");
    let mut tied = healthy;
    tied.rollouts.columns_mut().scores.fill(0.25);
    assert_eq!(kinds(&guards, &tied, &history), ["tied_rewards"]);
}
