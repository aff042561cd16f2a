//! The model can be taught each taste by simulated votes: minutes each, so that all are ignored.
//! `cargo test --release -p rlhf-story-model --test taught -- --ignored --nocapture`

use rlhf::prelude::*;
use rlhf_core::advantage::{KlController, MissingEnd};
use rlhf_core::random::{Draws, Key, Stream};
use rlhf_story_model::gold::Taste;
use rlhf_story_model::pretrain::{Prompts, prompts};
use rlhf_train::profile::{CriticInit, Profile};

/// The page's settings, as `wasm/web/defaults.js` has them.
#[derive(Clone, Copy)]
struct Defaults {
    beta: f64,
    learning_rate: f64,
    batch: u32,
    epochs: u32,
    iterations: u32,
    votes: usize,
    reward_epochs: u32,
    reward_learning_rate: f64,
}

const LONGEST: usize = 32;

fn defaults() -> Defaults {
    let number = |name: &str, otherwise: f64| {
        std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
    };
    Defaults {
        beta: number("BETA", 0.5),
        learning_rate: number("RATE", 2e-4),
        batch: number("BATCH", 64.0) as u32,
        epochs: number("EPOCHS", 2.0) as u32,
        iterations: number("ITERATIONS", 30.0) as u32,
        votes: number("VOTES", 80.0) as usize,
        reward_epochs: number("REWARD_EPOCHS", 8.0) as u32,
        reward_learning_rate: number("REWARD_RATE", 1e-3),
    }
}

fn open() -> LanguageModel {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../web/model");
    LanguageModel::open(folder, &Device::default()).unwrap()
}

fn replies(model: &mut LanguageModel, prompt: &str, count: usize, seed: u64) -> Vec<String> {
    let writing = Writing { longest: LONGEST, count, seed, ..Writing::default() };
    let responses = model.generate(prompt, &writing).unwrap();
    // A reply without its end is cut off, and a visitor sees that.
    responses.into_iter().map(|r| if r.finish == "eos" { r.text } else { format!("{} …", r.text) }).collect()
}

/// The mean gold on held-out openings.
fn gold(model: &mut LanguageModel, taste: Taste, prompts: &Prompts) -> f64 {
    let mut sum = 0.0;
    for prompt in &prompts.held_out {
        sum += replies(model, prompt, 24, 99).iter().map(|reply| taste.gold(reply)).sum::<f64>() / 24.0;
    }
    sum / prompts.held_out.len() as f64
}

/// Votes on pairs of samples: the winner first.
fn votes(taste: Taste, count: usize, seed: u64, prompts: &Prompts) -> Vec<(String, [String; 2])> {
    let mut model = open();
    let mut draws: Draws = Key::new(seed, Stream::Data, 7).draws(0);
    (0..count)
        .map(|i| {
            let prompt = &prompts.vote[i % prompts.vote.len()];
            let pair = replies(&mut model, prompt, 2, 1000 * seed + i as u64);
            let apart = taste.gold(&pair[0]) - taste.gold(&pair[1]);
            let first = draws.uniform() < 1.0 / (1.0 + (-6.0 * apart).exp());
            let [a, b] = <[String; 2]>::try_from(pair).unwrap();
            (prompt.clone(), if first { [a, b] } else { [b, a] })
        })
        .collect()
}

fn teach(taste: Taste, seed: u64, settings: Defaults) -> (f64, f64, f64) {
    let prompts = prompts();
    let mut policy = open();
    let before = gold(&mut policy, taste, &prompts);
    let rankings = votes(taste, settings.votes, seed, &prompts);
    let small = Profile::instructgpt().small();
    let reward = policy
        .reward_model(&rankings)
        .set(|s| {
            *s = small.reward;
            s.epochs = settings.reward_epochs;
            s.optimizer.learning_rate = settings.reward_learning_rate;
        })
        .seed(seed)
        .run()
        .unwrap();
    let (mut kl, mut first, mut proxy) = (0.0, None, 0.0);
    policy
        .ppo(&prompts.vote, &reward)
        .set(|s| {
            s.method = small.ppo;
            (s.iterations, s.max_new_tokens) = (settings.iterations, LONGEST);
            let m = &mut s.method;
            (m.batch, m.epochs) = (Some(settings.batch), settings.epochs);
            m.shaping.missing_end = MissingEnd::Subtract(2.0);
            m.critic_init = CriticInit::RewardModel;
            m.controller = KlController::Fixed { beta: settings.beta };
            m.policy.learning_rate = settings.learning_rate;
            m.critic.learning_rate = 2.0 * settings.learning_rate;
        })
        .seed(seed)
        .each(|step| {
            (kl, proxy) = (step.kl, step.score);
            first.get_or_insert(proxy);
        })
        .run()
        .unwrap();
    let after = gold(&mut policy, taste, &prompts);
    println!(
        "{taste:?} seed {seed}: gold {before:.2} -> {after:.2}, score {:.2} -> {proxy:.2}, KL {kl:.2}",
        first.unwrap_or_default()
    );
    for prompt in prompts.held_out.iter().take(3) {
        println!("    {prompt} | {}", replies(&mut policy, prompt, 1, 5)[0]);
    }
    (before, after, kl)
}

fn rises(taste: Taste) {
    for seed in 1..=3 {
        let (before, after, _) = teach(taste, seed, defaults());
        assert!(after >= before + 0.15, "{taste:?}, seed {seed}: {before:.2} -> {after:.2}");
    }
}

#[test]
#[ignore = "minutes"]
fn happy_endings_can_be_taught() {
    rises(Taste::Happy);
}

#[test]
#[ignore = "minutes"]
fn short_replies_can_be_taught() {
    rises(Taste::Short);
}

#[test]
#[ignore = "minutes"]
fn dialogue_can_be_taught() {
    rises(Taste::Dialogue);
}
