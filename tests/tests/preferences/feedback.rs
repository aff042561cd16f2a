//! Labels and logged rewards raise what they stand for.

use crate::preferences::world::{TOKENS, fast, mean_worth, reference, sampled, worth};
use rlhf::train::profile::{BanditTraining, KtoTraining};
use rlhf::train::{Labeled, Logged, TrainError, bandit, kto, now};
use rlhf_core::loss::{Counterfactual, Normalizer};
use rlhf_core::random::{Key, Stream};
use rlhf_core::testing::Table;

/// Samples responses of the reference, each labeled by `label`.
fn labeled(count: u32, label: impl Fn(u32, f32) -> bool) -> Labeled {
    let out = sampled(&reference(), count, 11);
    let mut labeled = Labeled::default();
    for i in 0..count {
        let response = out.response(i as usize);
        labeled.push(&[i % TOKENS], response, label(i, worth(response))).unwrap();
    }
    labeled
}

fn of_labels(name: &str, labeled: &Labeled) -> Table {
    let mut settings = KtoTraining::by_name(name).unwrap();
    settings.passes.optimizer = fast(settings.passes.optimizer, 0.03);
    settings.passes.epochs = 4;
    let mut policy = reference();
    let mut seen = Vec::new();
    now(kto(&mut policy, &mut reference(), labeled, &settings, 3, &mut |step, stats| {
        seen.push((step, *stats));
    }))
    .unwrap();
    assert_eq!(seen[0].1.margin(), Some(0.0));
    policy
}

#[test]
fn labels_raise_the_reward_that_they_come_from() {
    let before = mean_worth(&reference());
    let labels = labeled(1024, |_, worth| f64::from(worth) > before);
    assert!((300..700).contains(&labels.desirable()), "{}", labels.desirable());
    for name in KtoTraining::names() {
        let gained = mean_worth(&of_labels(name, &labels)) - before;
        println!("{name}: worth +{gained:.3}");
        assert!(gained > 0.15, "{name}: {gained}");
    }
}

#[test]
fn shuffled_labels_do_not() {
    let key = Key::new(5, Stream::Labels, 0);
    let labels = labeled(1024, |i, _| key.uniform(i, 0) < 0.5);
    let gained = mean_worth(&of_labels("kto", &labels)) - mean_worth(&reference());
    println!("worth {gained:+.3}");
    assert!(gained.abs() < 0.1, "{gained}");
}

#[test]
fn kto_asks_the_reference_about_responses_and_mismatched_ones() {
    let mut settings = KtoTraining::by_name("kto").unwrap();
    settings.passes.batch = 16;
    let labels = labeled(64, |i, _| i % 2 == 0);
    for (settings, want) in [(settings, 2 * 64), (apo(settings), 64)] {
        let mut base = reference();
        now(kto(&mut reference(), &mut base, &labels, &settings, 3, &mut |_, _| {})).unwrap();
        assert_eq!(base.scored, want);
    }
}

fn apo(settings: KtoTraining) -> KtoTraining {
    KtoTraining { objective: KtoTraining::by_name("apo_zero_unpaired").unwrap().objective, ..settings }
}

/// Samples responses of the reference, logged with reward and log-probability.
fn logged(count: u32, shift: f32) -> Logged {
    let out = sampled(&reference(), count, 11);
    let mut log = Logged::default();
    for i in 0..count {
        let (response, span) = (out.response(i as usize), out.span(i as usize));
        let log_prob: f32 = out.log_probs[span].iter().sum();
        log.push(&[i % TOKENS], response, log_prob, worth(response) + shift).unwrap();
    }
    log
}

fn of_log(objective: Counterfactual, log: &Logged) -> f64 {
    let mut settings = BanditTraining { objective, ..BanditTraining::by_name("ips").unwrap() };
    settings.passes.optimizer = fast(settings.passes.optimizer, 0.03);
    (settings.passes.epochs, settings.passes.batch) = (2, 256);
    let mut policy = reference();
    let mut first = None;
    now(bandit(&mut policy, log, &settings, 3, &mut |_, seen| {
        first.get_or_insert(*seen);
    }))
    .unwrap();
    // The policy is the logger still.
    let first = first.unwrap();
    assert!((first.weights - 256.0).abs() < 1e-3 && first.clipped == 0, "{first:?}");
    mean_worth(&policy) - mean_worth(&reference())
}

#[test]
fn a_log_of_rewards_raises_them() {
    let mean = mean_worth(&reference()) as f32;
    let log = logged(4096, -mean);
    for name in BanditTraining::names() {
        let gained = of_log(BanditTraining::by_name(name).unwrap().objective, &log);
        println!("{name}: worth +{gained:.3}");
        assert!(gained > 0.08, "{name}: {gained}");
    }
}

/// Rewards that are all above 0, or all below, teach IPS to write, or to avoid, what was logged; SNIPS does
/// not see a shift.
#[test]
fn a_shift_of_all_rewards_changes_nothing_for_snips() {
    let snips = Counterfactual { normalizer: Normalizer::Weights, clip: None };
    let [low, high] = [-1.0, 1.0].map(|shift| of_log(snips, &logged(4096, shift)));
    println!("{low:.3} {high:.3}");
    assert!((low - high).abs() < 0.02 && low > 0.08, "{low} {high}");
}

#[test]
fn nothing_is_refused() {
    let settings = KtoTraining::by_name("kto").unwrap();
    let none = Labeled::default();
    let error =
        now(kto(&mut reference(), &mut reference(), &none, &settings, 3, &mut |_, _| {})).unwrap_err();
    assert!(matches!(error, TrainError::Nothing { what: "labels" }), "{error}");
    let settings = BanditTraining::by_name("ips").unwrap();
    let none = Logged::default();
    let error = now(bandit(&mut reference(), &none, &settings, 3, &mut |_, _| {})).unwrap_err();
    assert!(matches!(error, TrainError::Nothing { what: "rewards" }), "{error}");
}
