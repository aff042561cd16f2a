//! The page's model can be taught each taste by simulated votes at the page's settings: minutes, so that all are ignored.
//! `cargo test --release -p rlhf-story-model --test taught -- --ignored --nocapture`

use rlhf_core::random::{Draws, Key, Stream};
use rlhf_story_model::gold::Taste;
use rlhf_story_model::pretrain::{Prompts, prompts};
use rlhf_wasm::{Reply, RewardRule, Session, Settings, Vote, Writing};

/// Votes, replies that each ranks, and iterations: as `wasm/web/defaults.js` has them.
const VOTES: usize = 60;
const REPLIES: usize = 4;
const ITERATIONS: usize = 20;

fn open(seed: u64) -> Session {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../web/model");
    let files = ["config.json", "model.safetensors", "tokenizer.rlhf"]
        .map(|name| (name, std::fs::read(format!("{folder}/{name}")).unwrap()));
    Session::open(files, seed).unwrap()
}

/// A reply that did not end is no story.
fn worth(taste: Taste, reply: &Reply) -> f64 {
    if reply.ended { taste.gold(&reply.text) } else { 0.0 }
}

/// The mean gold on openings that were not trained on.
fn gold(session: &mut Session, taste: Taste, prompts: &Prompts) -> f64 {
    let (mut sum, mut count) = (0.0, 0);
    for prompt in &prompts.held_out {
        let writing = Writing { count: 24, seed: 99, ..Writing::default() };
        for reply in session.generate(prompt, &writing).unwrap() {
            sum += worth(taste, &reply);
            count += 1;
        }
    }
    sum / f64::from(count)
}

/// Ranks as `vote` of `wasm/web/visitors.js` gives them.
fn ranks(taste: Taste, replies: &[Reply], draws: &mut Draws) -> Vec<u32> {
    let golds: Vec<i32> = replies.iter().map(|reply| (10.0 * worth(taste, reply)).round() as i32).collect();
    let mut levels: Vec<i32> = golds.clone();
    levels.sort_unstable();
    levels.dedup();
    let mut levels: Vec<(f64, i32)> = levels
        .into_iter()
        .map(|gold| (0.6 * f64::from(gold) - (-draws.uniform().max(1e-12).ln()).ln(), gold))
        .collect();
    levels.sort_by(|a, b| b.0.total_cmp(&a.0));
    golds.iter().map(|gold| 1 + levels.iter().position(|level| level.1 == *gold).unwrap() as u32).collect()
}

fn teach(taste: Taste, seed: u64, settings: Settings, iterations: usize) -> [f64; 3] {
    let prompts = prompts();
    let mut session = open(seed);
    session.set(settings).unwrap();
    let before = gold(&mut session, taste, &prompts);
    let mut draws = Key::new(seed, Stream::Labels, 0).draws(0);
    for i in 0..VOTES {
        let prompt = &prompts.vote[i % prompts.vote.len()];
        let writing = Writing { count: REPLIES, seed: 1000 * seed + i as u64, ..Writing::default() };
        let replies = session.generate(prompt, &writing).unwrap();
        let ranks = ranks(taste, &replies, &mut draws);
        let answers = replies.into_iter().map(|reply| reply.text).collect();
        session.vote(Vote { prompt: prompt.clone(), answers, ranks }).unwrap();
    }
    session.begin_reward().unwrap();
    let mut fit = None;
    while let Some(step) = session.step_reward(100).unwrap() {
        fit = Some(step);
    }
    let fit = fit.unwrap();
    let mut last = None;
    for _ in 0..iterations {
        last = Some(session.iterate(&prompts.vote, &RewardRule::default()).unwrap());
    }
    let (last, after) = (last.unwrap(), gold(&mut session, taste, &prompts));
    let held = fit.held_back_accuracy.unwrap_or(f64::NAN);
    println!(
        "{taste:?} seed {seed}: gold {before:.2} to {after:.2}, score {:.2}, KL {:.1}, held-back accuracy {held:.2}",
        last.score, last.kl
    );
    [before, after, last.kl]
}

fn rises(taste: Taste) {
    for seed in 1..=3 {
        let [before, after, _] = teach(taste, seed, Settings::default(), ITERATIONS);
        assert!(after >= before + 0.15, "{taste:?}, seed {seed}: {before:.2} to {after:.2}");
    }
}

#[test]
#[ignore = "half a minute: a command of its own in CONTRIBUTING.md"]
fn happy_endings_can_be_taught() {
    rises(Taste::Happy);
}

#[test]
#[ignore = "half a minute: a command of its own in CONTRIBUTING.md"]
fn short_replies_can_be_taught() {
    rises(Taste::Short);
}

#[test]
#[ignore = "half a minute: a command of its own in CONTRIBUTING.md"]
fn dialogue_can_be_taught() {
    rises(Taste::Dialogue);
}

#[test]
#[ignore = "half a minute: a command of its own in CONTRIBUTING.md"]
fn calm_can_be_taught() {
    rises(Taste::Calm);
}

/// Without β the policy goes where the reward model knows nothing.
#[test]
#[ignore = "a minute: a command of its own in CONTRIBUTING.md"]
fn without_a_penalty_gold_falls() {
    for seed in 1..=3 {
        let [_, kept, kl] = teach(Taste::Happy, seed, Settings::default(), ITERATIONS);
        let settings = Settings { beta: 0.0, ..Settings::default() };
        let [_, lost, far] = teach(Taste::Happy, seed, settings, 100);
        println!("seed {seed}: {kept:.2} at {kl:.1} nats, {lost:.2} at {far:.1}");
        assert!(lost < kept - 0.1 && far > kl, "seed {seed}");
    }
}
