//! Every method learns from pairs; none learns from labels that mean nothing.

use crate::preferences::world::{log_prob, mean_worth, pairs, reference, sampled, settings};
use rlhf::train::profile::PreferenceTraining;
use rlhf::train::{NoReference, TrainError, now, preference_stats, preferences};
use rlhf_core::loss::{Against, PreferenceLoss, PreferenceStats};
use rlhf_core::random::{Key, Stream};
use rlhf_core::testing::Table;

/// Returns a method's statistics of a policy on pairs that it was not trained on.
fn held_out(policy: &Table, settings: &PreferenceTraining) -> PreferenceStats {
    let unseen = pairs(1024, 50, |_| false);
    now(preference_stats(&mut policy.clone(), &mut reference(), &unseen, &settings.objective)).unwrap()
}

/// The nats by which chosen responses are likelier than rejected ones, more than at the reference.
fn apart(policy: &Table) -> f64 {
    let unseen = pairs(256, 50, |_| false);
    let (texts, before) = (unseen.texts(), reference());
    let nats = |i: usize| {
        let (prompt, response) = texts.text(i).split_at(1);
        log_prob(policy, prompt, response) - log_prob(&before, prompt, response)
    };
    (0..unseen.len()).map(|i| nats(2 * i) - nats(2 * i + 1)).sum::<f64>() / unseen.len() as f64
}

fn learn(settings: &PreferenceTraining, wrong: impl Fn(u32) -> bool) -> Table {
    let (mut policy, pairs) = (reference(), pairs(512, 7, wrong));
    now(preferences(&mut policy, &mut reference(), &pairs, settings, 3, &mut |_, _| {})).unwrap();
    policy
}

#[test]
fn every_method_orders_pairs_that_it_has_not_seen() {
    let before = mean_worth(&reference());
    for name in PreferenceTraining::names().filter(|name| *name != "discopop") {
        let settings = settings(name);
        let policy = learn(&settings, |_| false);
        let (was, is) = (held_out(&reference(), &settings), held_out(&policy, &settings));
        let (was, accuracy) = (was.accuracy().unwrap(), is.accuracy().unwrap());
        let (nats, gained) = (apart(&policy), mean_worth(&policy) - before);
        println!("{name}: {was:.2} {accuracy:.2}, {nats:.2} nats, worth +{gained:.3}");
        // A likelihood without a reference is also how common a response is, and a term of fine-tuning
        // keeps it there: the bar is lower.
        let bar = if settings.objective.against == Against::Reference { 0.85 } else { was + 0.1 };
        assert!(was < 0.6 && accuracy > bar, "{name}: {was} {accuracy}");
        assert!(nats > 0.5 && gained > 0.08, "{name}: {nats} {gained}");
        assert!(is.margin().unwrap() > 0.0, "{name}: {is:?}");
    }
}

/// DiscoPOP is not monotone: where a policy cannot tell two responses apart, as at the reference, its slope
/// points the wrong way, and the right way where it can.
#[test]
fn discopop_is_for_a_policy_that_tells_responses_apart() {
    let mut settings = settings("discopop");
    settings.objective.beta = 1.0;
    let lost = held_out(&learn(&settings, |_| false), &settings).accuracy().unwrap();
    let mut policy = learn(&crate::preferences::world::settings("dpo"), |_| false);
    let before = held_out(&policy, &settings).accuracy().unwrap();
    let pairs = pairs(512, 7, |_| false);
    now(preferences(&mut policy, &mut reference(), &pairs, &settings, 4, &mut |_, _| {})).unwrap();
    let after = held_out(&policy, &settings).accuracy().unwrap();
    println!("from the reference {lost:.2}, after DPO {before:.2}, then {after:.2}");
    assert!(lost < 0.5 && before > 0.85 && after > 0.85, "{lost} {before} {after}");
}

#[test]
fn shuffled_labels_teach_nothing() {
    let key = Key::new(5, Stream::Labels, 0);
    for name in ["dpo", "ipo", "simpo", "aot"] {
        let settings = settings(name);
        let policy = learn(&settings, |i| key.uniform(i, 0) < 0.5);
        let accuracy = held_out(&policy, &settings).accuracy().unwrap();
        let gained = mean_worth(&policy) - mean_worth(&reference());
        println!("{name}: {accuracy:.2}, worth {gained:+.3}");
        assert!((accuracy - 0.5).abs() < 0.2 && gained.abs() < 0.1, "{name}: {accuracy} {gained}");
    }
}

#[test]
fn a_loss_falls_and_says_what_it_saw() {
    let (mut policy, data) = (reference(), pairs(512, 7, |_| false));
    let mut steps = Vec::new();
    let dpo = settings("dpo");
    now(preferences(&mut policy, &mut reference(), &data, &dpo, 3, &mut |step, seen| {
        steps.push((step, *seen));
    }))
    .unwrap();
    let (first, last) = (steps[0], steps[steps.len() - 1]);
    // The policy is the reference still: all log-ratios are exactly 0.
    assert!((first.0.loss - 2f64.ln()).abs() < 1e-12, "{first:?}");
    assert_eq!((first.1.accuracy(), first.1.margin()), (Some(0.0), Some(0.0)));
    assert_eq!((first.0.step, last.0.step, last.0.total), (1, steps.len() as u64, steps.len() as u64));
    assert!(last.0.loss < 0.65 && last.1.accuracy() > Some(0.85), "{last:?}");
    assert_eq!(first.1.pairs, 64);
}

#[test]
fn a_reference_is_asked_once_a_batch_or_never() {
    let data = pairs(128, 7, |_| false);
    for name in PreferenceTraining::names() {
        let mut settings = settings(name);
        settings.passes.epochs = 2;
        let (mut policy, mut base) = (reference(), reference());
        now(preferences(&mut policy, &mut base, &data, &settings, 3, &mut |_, _| {})).unwrap();
        let free = settings.objective.against == Against::Nothing;
        assert_eq!(base.scored, if free { 0 } else { 2 * 2 * data.len() }, "{name}");
        let without =
            now(preferences(&mut reference(), &mut NoReference, &data, &settings, 3, &mut |_, _| {}));
        assert_eq!(without.is_ok(), free, "{name}: {without:?}");
    }
}

#[test]
fn losses_of_orpo_have_their_term_of_fine_tuning() {
    let data = pairs(64, 7, |_| false);
    let mut one = settings("orpo");
    one.passes.epochs = 1;
    let mut seen = Vec::new();
    now(preferences(&mut reference(), &mut NoReference, &data, &one, 3, &mut |step, stats| {
        seen.push((step.loss, stats.loss));
    }))
    .unwrap();
    // About ln 8 nats a token of it, beside a tenth of a log-odds loss.
    assert!(seen[0].0 - seen[0].1 > 1.5 && seen[0].1 < 0.1, "{seen:?}");
    assert_eq!(one.objective.loss, PreferenceLoss::Orpo);
}

/// A configuration says `method = "dpo"`, a stored loss `"dpo"` too.
#[test]
fn names_are_those_of_stored_losses() {
    for name in PreferenceTraining::names() {
        let loss = PreferenceTraining::by_name(name).unwrap().objective.loss;
        assert_eq!(serde_json::to_value(loss).unwrap(), name);
    }
}

#[test]
fn nothing_and_nonsense_are_refused() {
    let mut policy = reference();
    let none = rlhf::train::Pairs::default();
    let dpo = settings("dpo");
    let error = now(preferences(&mut policy, &mut reference(), &none, &dpo, 3, &mut |_, _| {})).unwrap_err();
    assert!(matches!(error, TrainError::Nothing { what: "pairs" }), "{error}");
    let data = pairs(8, 7, |_| false);
    let mut wrong = dpo;
    wrong.passes.batch = 0;
    let error =
        now(preferences(&mut policy, &mut reference(), &data, &wrong, 3, &mut |_, _| {})).unwrap_err();
    assert!(error.to_string().starts_with("batch"), "{error}");
    assert_eq!(sampled(&policy, 8, 1), sampled(&reference(), 8, 1));
}
