//! A session as a browser has it, natively, as JSON: `wasm/tests/trainer.test.mjs` compares it, and `tests/bench_browser` its times.
//! `cargo run --release -p rlhf-wasm --example session -- [ITERATIONS]`

use rlhf_wasm::{RewardRule, Session, Settings, Term, Vote, Writing};
use std::time::Instant;

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let iterations = std::env::args().nth(1).map_or(Ok(1), |n| n.parse())?;
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/web/model");
    let names = ["config.json", "model.safetensors", "tokenizer.rlhf"];
    let mut files = Vec::new();
    for name in names {
        files.push((name, std::fs::read(format!("{folder}/{name}"))?));
    }
    let mut session = Session::open(files, 1)?;
    let prompts: Vec<String> =
        ["One day , a small fox found a red kite .", "Tom sat by the river with a big map ."]
            .map(String::from)
            .to_vec();
    let replies = session.generate(&prompts[0], &Writing { count: 4, seed: 5, ..Writing::default() })?;
    let answers: Vec<String> = replies.into_iter().map(|reply| reply.text).collect();
    // Other prompts, so that some votes are held back and some are not.
    for i in 0..8 {
        let prompt =
            format!("{} {}", prompts[0], prompts[i % 2].split(' ').take(i).collect::<Vec<_>>().join(" "));
        session.vote(Vote { prompt, answers: answers.clone(), ranks: vec![1, 2, 3, 4] })?;
    }
    session.set(Settings { reward_epochs: 2, ..session.settings() })?;
    session.begin_reward()?;
    let mut fit = None;
    while let Some(step) = session.step_reward(1)? {
        fit = Some(step);
    }
    let inspection = session.inspect(&prompts[0], &answers[0])?;
    let rule = RewardRule { terms: vec![Term { text: "!".into(), weight: 0.5 }], ..RewardRule::default() };
    let (mut seen, mut times) = (Vec::new(), Vec::new());
    for _ in 0..iterations {
        let start = Instant::now();
        seen.push(session.iterate(&prompts, &rule)?);
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    let all = serde_json::json!({
        "answers": answers, "fit": fit, "inspection": inspection, "iterations": seen, "milliseconds": times,
    });
    println!("{all}");
    Ok(())
}
