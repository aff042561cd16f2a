//! Every critic-free method learns what a rule wants, and goes on to the same bits.

use rlhf::train::profile::{self, Profile};
use rlhf::train::{Examples, IterationReport, Models, OnPolicy, now, supervised};
use rlhf_core::advantage::{ImportanceCorrection, ImportanceLevel, ImportanceLimit};
use rlhf_core::model::Architecture;
use rlhf_core::model::tokenizer::{Bytes, Tokenizer};
use rlhf_core::sampling::StopCriteria;
use rlhf_cpu::{Cpu, Model};
use std::sync::LazyLock;

const ANSWERS: [&str; 4] = ["glad.", "sad.", "mad.", "shy."];
const STOPPING: StopCriteria<'static> = StopCriteria { max_new_tokens: 8, eos: &[Bytes::EOS], stop: &[] };

/// A network that gives each answer about as often as the others.
static SFT: LazyLock<Model> = LazyLock::new(|| {
    let mut model = Model::random(&Cpu::default(), Architecture::gpt2(257, 24, 24, 1, 2), 1).unwrap();
    let ended = |answer| [Bytes.encode(answer), vec![Bytes::EOS]].concat();
    let texts =
        ["I am ", "We are "].into_iter().flat_map(|who| ANSWERS.map(|a| (Bytes.encode(who), ended(a))));
    let demonstrations = Examples::try_from_iter(texts).unwrap();
    let mut sft = Profile::instructgpt().supervised.unwrap();
    (sft.optimizer.learning_rate, sft.epochs, sft.dropout) = (5e-3, 150, 0.0);
    now(supervised(&mut model, &demonstrations, &sft, 1, &mut |_| {})).unwrap();
    model
});

fn glad(text: &[u32]) -> f32 {
    f32::from(Bytes.decode(text).ends_with("glad."))
}

/// Small enough for seconds, with room to learn.
fn settings(name: &str) -> profile::OnPolicy {
    let mut s = profile::OnPolicy::by_name(name).unwrap().with_longest(8);
    (s.prompts, s.beta, s.passes.optimizer.learning_rate) = (64 / s.group, s.beta.min(0.02), 2e-3);
    s
}

fn run(
    settings: profile::OnPolicy,
    iterations: u32,
    seed: u64,
    reward: &mut dyn FnMut(&[u32]) -> f32,
) -> Vec<IterationReport> {
    let (mut policy, mut reference) = (SFT.clone(), SFT.clone());
    let mut run = OnPolicy::new(settings, iterations.into(), seed).unwrap();
    let mut reward = |text: &[u32]| reward(text);
    (0..iterations).map(|_| step(&mut run, &mut policy, &mut reference, &mut reward)).collect()
}

fn step(
    run: &mut OnPolicy,
    policy: &mut Model,
    reference: &mut Model,
    reward: &mut impl FnMut(&[u32]) -> f32,
) -> IterationReport {
    let prompts = ["I am ", "We are "].into_iter().cycle().take(256).map(|who| (Bytes.encode(who), vec![]));
    let prompts = Examples::try_from_iter(prompts).unwrap();
    let mut models = Models::new(policy).with_reference(reference).with_reward(reward);
    now(run.iterate(&mut models, prompts.sequences().unwrap(), &STOPPING)).unwrap()
}

#[test]
fn every_method_learns_what_is_wanted() {
    for name in profile::OnPolicy::NAMES {
        for seed in [1, 2] {
            let seen = run(settings(name), 25, seed, &mut |text| glad(text));
            let (first, last) = (seen[0].score, seen[24].score);
            println!("{name}, seed {seed}: {first:.2} to {last:.2}, KL {:.1}", seen[24].kl);
            // With replaced prompts a rollout is what carries a signal: it never is all of one kind.
            let bar = if name == "dapo" { 0.6 } else { 0.8 };
            assert!(first < 0.5 && last > bar, "{name}, seed {seed}: {first} to {last}");
        }
    }
}

#[test]
fn a_reward_of_nothing_teaches_nothing() {
    let mut draw = 0u32;
    // A coin that has nothing to do with the text.
    let mut coin = |_: &[u32]| {
        draw = draw.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (draw >> 31) as f32
    };
    let mut policy = SFT.clone();
    let mut reference = SFT.clone();
    let mut run = OnPolicy::new(settings("grpo"), 25, 3).unwrap();
    let share = |seen: &IterationReport| {
        let texts = seen.rollouts.sequences();
        texts.sequences().map(|(text, _)| f64::from(glad(text))).sum::<f64>() / seen.rollouts.len() as f64
    };
    let seen: Vec<f64> =
        (0..25).map(|_| share(&step(&mut run, &mut policy, &mut reference, &mut coin))).collect();
    assert!(seen.iter().all(|share| *share < 0.7), "{seen:?}");
}

#[test]
fn a_run_goes_on_to_the_same_bits() {
    // What is remembered: the moving baseline, the schedule's step, the sampler's key.
    for name in ["reinforce", "gspo"] {
        let whole = run(settings(name), 4, 1, &mut |text| glad(text));
        let (mut policy, mut reference) = (SFT.clone(), SFT.clone());
        let new = || OnPolicy::new(settings(name), 4, 1).unwrap();
        let mut first = new();
        for _ in 0..2 {
            step(&mut first, &mut policy, &mut reference, &mut |text: &[u32]| glad(text));
        }
        let state = serde_json::from_str(&serde_json::to_string(&first.state()).unwrap()).unwrap();
        let mut second = new().after(state);
        for seen in &whole[2..] {
            let again = step(&mut second, &mut policy, &mut reference, &mut |text: &[u32]| glad(text));
            assert_eq!(again.rollouts, seen.rollouts, "{name}");
        }
    }
}

#[test]
fn weights_against_a_sampler_that_agrees_change_nothing() {
    let plain = run(settings("grpo"), 3, 1, &mut |text| glad(text));
    let limit = ImportanceLimit::Truncate { high: 2.0 };
    let corrected = ImportanceCorrection { level: ImportanceLevel::Token, limit };
    let s = profile::OnPolicy { importance: Some(corrected), ..settings("grpo") };
    let weighted = run(s, 3, 1, &mut |text| glad(text));
    for (a, b) in plain.iter().zip(&weighted) {
        assert_eq!(a.rollouts, b.rollouts);
    }
}

#[test]
fn prompts_whose_answers_are_worth_the_same_are_replaced_or_said() {
    let (mut policy, mut reference) = (SFT.clone(), SFT.clone());
    let mut run = OnPolicy::new(settings("dapo"), 1, 1).unwrap();
    let seen = step(&mut run, &mut policy, &mut reference, &mut |text: &[u32]| glad(text));
    for group in seen.rollouts.scores().chunks(8) {
        assert!(group.iter().any(|score| *score != group[0]));
    }
    let prompts = Examples::try_from_iter(vec![(Bytes.encode("I am "), vec![]); 16]).unwrap();
    let mut nothing = |_: &[u32]| 1.0;
    let mut models = Models::new(&mut policy).with_reference(&mut reference).with_reward(&mut nothing);
    // Overlong responses would differ in their punishment.
    let mut s = settings("dapo");
    s.overlong = None;
    let mut plain = OnPolicy::new(s, 1, 1).unwrap();
    let refused = now(plain.iterate(&mut models, prompts.sequences().unwrap(), &STOPPING));
    assert!(refused.unwrap_err().to_string().contains("prompts whose responses differ in reward"));
}
