//! However a batch is split, its gradient is the same, and a pair is never split.

use crate::preferences::world::{fast, log_prob, reference, settings};
use rlhf::train::profile::{BanditTraining, KtoTraining, PreferenceTraining};
use rlhf::train::{
    EpochSampler, Examples, Kto, Labeled, Logged, Pairs, Preferences, TOKENS_AT_ONCE, bandit, now,
};
use rlhf_core::loss::{PreferenceCounts, PreferencePairs};
use rlhf_core::random::{Key, Stream};
use rlhf_core::roles::{Learner, Reference};
use rlhf_core::testing::Table;
use rlhf_core::{Batch, ready};

/// Six pairs of these are more than a trainer shows at once.
fn response(i: usize) -> Vec<u32> {
    (0..1400 - 60 * i).map(|t| ((i + 1) * t * t % 7) as u32).collect()
}

fn pairs() -> Pairs {
    let pairs = (0..6).map(|i| (vec![i as u32; 1 + 5 * i], response(2 * i), response(2 * i + 1)));
    Pairs::try_from_iter(pairs).unwrap()
}

/// A table that is not the reference, so that log-ratios are not 0.
fn policy() -> Table {
    Table::with_weights(reference().weights.iter().rev().copied().collect(), reference().columns)
}

/// One step, on the whole batch at once.
fn whole(settings: &PreferenceTraining, texts: &Examples) -> Table {
    let sequences = texts.sequences().unwrap();
    assert!(sequences.tokens().len() > TOKENS_AT_ONCE);
    let prompts = sequences.sequences().map(|(text, _)| (text.len(), 1 + 5 * text[0] as usize));
    let loss_mask: Vec<bool> = prompts.flat_map(|(n, prompt)| (0..n).map(move |t| t >= prompt)).collect();
    let batch = Batch::new(sequences, &loss_mask).unwrap();
    let mut log_probs = vec![0.0; loss_mask.len()];
    ready(reference().log_probs(batch, &mut log_probs)).unwrap().unwrap();
    let chosen = (0..6).map(|i| sequences.span(2 * i));
    let tokens = chosen.map(|span| loss_mask[span].iter().filter(|counts| **counts).count()).sum::<usize>();
    let counts = PreferenceCounts { pairs: 6.0, chosen_tokens: tokens as f64 };
    let objective = PreferencePairs::new(settings.objective, sequences.ends(), counts).unwrap();
    let mut policy = policy();
    ready(policy.accumulate(batch, &mut objective.with_reference(&log_probs))).unwrap().unwrap();
    let schedule = settings.passes.optimizer.schedule(1, 1);
    ready(policy.step(&settings.passes.optimizer.update(&schedule, 0))).unwrap().unwrap();
    policy
}

#[test]
fn a_split_between_pairs_changes_no_bit() {
    let pairs = pairs();
    let order = EpochSampler::new(Key::new(3, Stream::Shuffle, 1 << 18), 6).take(6);
    let texts = pairs.select(order).texts().clone();
    for name in PreferenceTraining::names() {
        let mut settings = settings(name);
        (settings.passes.epochs, settings.passes.batch) = (1, 6);
        let mut policy = policy();
        let mut steps = Preferences::new(&pairs, &settings, 3).unwrap();
        now(steps.step(&mut policy, &mut reference())).unwrap().unwrap();
        let all = texts.sequences().unwrap().tokens().len();
        if settings.objective.sorts() {
            assert_eq!(policy.accumulated, [all], "{name}");
        } else {
            assert!(
                policy.accumulated.len() > 1 && policy.accumulated.iter().sum::<usize>() == all,
                "{name}"
            );
        }
        assert_eq!(policy.weights, whole(&settings, &texts).weights, "{name}");
    }
}

/// Only weights that normalize each other keep a batch whole.
#[test]
fn labels_and_logs_are_split_where_they_may_be() {
    let (mut labels, mut log) = (Labeled::default(), Logged::default());
    for i in 0..12 {
        let (prompt, response) = ([i as u32 % 6], response(i));
        labels.push(&prompt, &response, i % 3 == 0).unwrap();
        log.push(&prompt, &response, log_prob(&policy(), &prompt, &response) as f32, 1.0).unwrap();
    }
    let all: usize = (0..12).map(|i| 1 + response(i).len()).sum();
    let mut settings = KtoTraining::by_name("kto").unwrap();
    settings.passes.batch = 12;
    settings.passes.optimizer = fast(settings.passes.optimizer, 0.03);
    let mut learner = policy();
    let seen = now(Kto::new(&labels, &settings, 3).unwrap().step(&mut learner, &mut reference()));
    assert!(learner.accumulated.len() > 1 && learner.accumulated.iter().sum::<usize>() == all);
    assert_eq!(seen.unwrap().unwrap().1.desirable, 4);
    for (name, split) in [("ips", true), ("bandit", false)] {
        let mut settings = BanditTraining::by_name(name).unwrap();
        settings.passes.batch = 12;
        let mut learner = policy();
        let seen = now(bandit(&mut learner, &log, &settings, 3, &mut |_, seen| assert_eq!(seen.actions, 12)));
        assert!(seen.is_ok(), "{seen:?}");
        assert_eq!(learner.accumulated.len() > 1, split, "{name}");
        assert_eq!(learner.accumulated.iter().sum::<usize>(), all);
    }
}
