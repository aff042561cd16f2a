//! A field of three by three: the last cell ends a walk and is worth 1, a step costs 0.1. From walks without
//! aim, values are learnt that lead home.

use rlhf::train::profile::{IlqlTraining, Profile};
use rlhf::train::{Examples, Ilql, Rewarded, ValueGuidedPolicy, ValueStep, Values, now, supervised};
use rlhf_core::model::Architecture;
use rlhf_core::optim::Follow;
use rlhf_core::random::{Key, Stream};
use rlhf_core::roles::{Policy, Reference};
use rlhf_core::sampling::{Advantage, Request, SamplingParams, StopCriteria, sample_by};
use rlhf_core::{Batch, Ragged, loss, ready};
use rlhf_cpu::{Cpu, Model};
use std::sync::LazyLock;

const CELLS: u32 = 9;
const HOME: u32 = 8;
const LONGEST: usize = 12;
/// The weight of values in the policy, in nats per unit of reward.
const BETA: f64 = 10.0;

fn neighbors(cell: u32) -> Vec<u32> {
    let near = |a: u32, b: u32| (a / 3).abs_diff(b / 3) + (a % 3).abs_diff(b % 3) == 1;
    (0..CELLS).filter(|&other| near(cell, other)).collect()
}

/// Walks without aim: where they start, and where they go.
fn walks() -> impl Iterator<Item = (u32, Vec<u32>)> {
    (0..120).map(|walk| {
        let mut draws = Key::new(5, Stream::Data, 0).draws(walk);
        let start = walk % HOME;
        let (mut cells, mut cell) = (Vec::new(), start);
        while cell != HOME && cells.len() < LONGEST {
            cell = *draws.pick(&neighbors(cell));
            cells.push(cell);
        }
        (start, cells)
    })
}

fn rewarded(mut reward: impl FnMut(u32) -> f32) -> Rewarded {
    let mut out = Rewarded::default();
    for (start, cells) in walks() {
        let rewards: Vec<f32> = cells.iter().map(|&cell| reward(cell)).collect();
        out.push(&[start], &cells, &rewards, cells.ends_with(&[HOME])).unwrap();
    }
    out
}

fn homeward() -> Rewarded {
    rewarded(|cell| if cell == HOME { 1.0 } else { -0.1 })
}

/// A policy that walks as they do.
static AIMLESS: LazyLock<Model> = LazyLock::new(|| {
    let mut policy = network(9);
    let texts = Examples::try_from_iter(walks().map(|(start, cells)| (vec![start], cells))).unwrap();
    let mut sft = Profile::instructgpt().supervised.unwrap();
    (sft.optimizer.learning_rate, sft.epochs, sft.dropout) = (3e-3, 40, 0.0);
    now(supervised(&mut policy, &texts, &sft, 1, &mut |_| {})).unwrap();
    policy
});

fn network(seed: u64) -> Model {
    Model::random(&Cpu::default(), Architecture::gpt2(CELLS as usize, LONGEST + 1, 24, 1, 2), seed).unwrap()
}

fn settings() -> IlqlTraining {
    let mut settings = IlqlTraining::default();
    (settings.passes.epochs, settings.passes.batch) = (60, 30);
    settings.objective = loss::Ilql { expectile: 0.9, discount: 0.9, conservatism: 0.05 };
    (settings.follow, settings.passes.optimizer.learning_rate) = (Follow::Average { decay: 0.9 }, 3e-3);
    settings
}

/// Two heads, their targets, and a critic.
fn networks() -> ([Model; 2], [Model; 2], Model) {
    let heads = [network(1), network(2)];
    (heads.clone(), heads, network(3).with_scalar_head(0.0, 1).unwrap())
}

fn learn(data: &Rewarded) -> ([Model; 2], Vec<ValueStep>) {
    let (mut heads, mut targets, mut critic) = networks();
    let mut steps = Ilql::new(data, &settings(), 1).unwrap();
    let mut seen = Vec::new();
    let mut all = Values { heads: &mut heads, targets: &mut targets, critic: &mut critic };
    while let Some((_, step)) = now(steps.step(&mut all)).unwrap() {
        seen.push(step);
    }
    (heads, seen)
}

/// The mean number of steps home, from everywhere, of a policy guided by values, and the share of steps to a
/// neighbor.
fn way_home(heads: &mut [Model; 2], beta: f64) -> (f64, f64) {
    let starts: Vec<u32> = (0..HOME).cycle().take(80).collect();
    let ends: Vec<usize> = (1..=80).collect();
    let request = Request {
        prompts: Ragged::new(&starts, &ends).unwrap(),
        sampling: &SamplingParams::at_temperature(1.0),
        stopping: &StopCriteria { max_new_tokens: LONGEST, eos: &[HOME], stop: &[] },
        context: LONGEST + 1,
        key: Key::new(8, Stream::Sampling, 0),
        first: 0,
    };
    let mut guide = Advantage::new(heads, beta, 0).unwrap();
    let walked = ready(sample_by(&mut AIMLESS.clone(), &mut guide, &request)).unwrap().unwrap();
    let mut near = 0;
    for (i, &start) in starts.iter().enumerate() {
        let way = [&[start], walked.response(i)].concat();
        near += way.windows(2).filter(|step| neighbors(step[0]).contains(&step[1])).count();
    }
    let steps = walked.tokens.len() as f64;
    (steps / walked.len() as f64, near as f64 / steps)
}

#[test]
fn aimless_walks_teach_the_way_home() {
    let (mut heads, seen) = learn(&homeward());
    let error = |step: &ValueStep| step.actions.squared_error / step.actions.tokens as f64;
    let (first, last) = (error(&seen[0]), error(&seen[seen.len() - 1]));
    let ((aimless, _), (guided, near)) = (way_home(&mut heads, 0.0), way_home(&mut heads, BETA));
    println!("squared error {first:.3} to {last:.4}; {aimless:.1} steps, led {guided:.1}, {near:.2} near");
    assert!(last < 0.2 * first, "{first} to {last}");
    // The shortest ways take 2.25 steps on average; a jump would be shorter, and no walk has one.
    assert!(aimless > 6.0 && guided < 4.0 && near > 0.9, "{aimless} to {guided}, {near}");
}

#[test]
fn rewards_by_a_coin_lead_nowhere() {
    let mut draws = Key::new(7, Stream::Labels, 0).draws(0);
    let data = rewarded(|_| draws.uniform() as f32 - 0.5);
    let (guided, _) = way_home(&mut learn(&data).0, BETA);
    assert!(guided > 5.0, "{guided}");
}

#[test]
fn a_run_goes_on_to_the_same_bits() {
    let data = homeward();
    let run = |parts: &[(u64, u64)]| {
        let (mut heads, mut targets, mut critic) = networks();
        for &(from, to) in parts {
            let mut steps = Ilql::new(&data, &settings(), 1).unwrap().after(from);
            let mut all = Values { heads: &mut heads, targets: &mut targets, critic: &mut critic };
            (from..to).for_each(|_| assert!(now(steps.step(&mut all)).unwrap().is_some()));
        }
        [&heads[0], &heads[1], &targets[0], &critic].map(|network| network.weights().to_vec())
    };
    assert_eq!(run(&[(0, 6)]), run(&[(0, 4), (4, 6)]));
}

#[test]
fn a_led_policy_says_of_its_texts_what_it_said_when_it_wrote_them() {
    let (mut heads, mut policy) = ([network(1), network(2)], AIMLESS.clone());
    let mut guided = ValueGuidedPolicy {
        policy: &mut policy,
        heads: &mut heads,
        beta: BETA,
        top_k: 4,
        context: LONGEST + 1,
    };
    let (starts, sampling) = ([0, 3, 5, 7], SamplingParams::at_temperature(0.7));
    let stopping = StopCriteria { max_new_tokens: LONGEST, eos: &[HOME], stop: &[] };
    let (prompts, key) = (Ragged::new(&starts, &[1, 2, 3, 4]).unwrap(), Key::new(8, Stream::Sampling, 0));
    let walked = ready(guided.sample(prompts, &sampling, &stopping, key, 0)).unwrap().unwrap();
    let (mut tokens, mut ends, mut loss_mask, mut kept) = (vec![], vec![], vec![], vec![]);
    for (i, &start) in starts.iter().enumerate() {
        tokens.push(start);
        tokens.extend_from_slice(walked.response(i));
        ends.push(tokens.len());
        loss_mask.push(false);
        loss_mask.resize(tokens.len(), true);
        kept.push(0.0);
        kept.extend_from_slice(&walked.log_probs[walked.span(i)]);
    }
    let batch =
        Batch::new(Ragged::new(&tokens, &ends).unwrap(), &loss_mask).unwrap().at_temperature(0.7).unwrap();
    let mut log_probs = vec![f32::NAN; tokens.len()];
    ready(guided.log_probs(batch, &mut log_probs)).unwrap().unwrap();
    assert_eq!(log_probs, kept);
    // Of one likeliest token nothing else is left.
    guided.top_k = 1;
    ready(guided.log_probs(batch, &mut log_probs)).unwrap().unwrap();
    assert!(log_probs.iter().all(|l| *l == 0.0 || *l == f32::NEG_INFINITY), "{log_probs:?}");
}
