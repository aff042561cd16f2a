//! A reward model inside a program: a help desk learns from rankings which of its replies people
//! like, and then sends the best of those it could send:
//! `cargo run --release -p rlhf-examples --example reward_model_inside`.

use rlhf::prelude::*;

/// Returns what can be said of something, as people rank it: the best first.
fn replies(thing: &str) -> [String; 3] {
    ["Please try again, we fixed the {}.", "We fixed the {}.", "The {}? Your fault."]
        .map(|way| way.replace("{}", thing))
}

fn main() -> rlhf::Result<()> {
    // Step 2: people have ranked replies about some things ...
    let network = Architecture::gpt2(257, 64, 32, 2, 4);
    let model = LanguageModel::random(&Device::default(), network, Bytes, 1)?;
    let prompt_of = |thing: &str| format!("{thing}: ");
    let rankings =
        ["login", "invoice", "search", "printer", "menu"].map(|thing| (prompt_of(thing), replies(thing)));
    let training = model.reward_model(&rankings);
    let training = training.set(|s| (s.epochs, s.optimizer.learning_rate) = (30, 1e-3)).seed(1);
    let mut reward = training
        .each(|(step, report)| {
            if step.step % 10 == 0 {
                println!("step {}: {:.0} % of pairs", step.step, 100.0 * report.accuracy().unwrap_or(0.0));
            }
        })
        .run()?;

    // ... and the program scores its own about others.
    let mut right = 0;
    for thing in ["upload", "map", "chat"] {
        let replies = replies(thing);
        let rewards = reward.judge(&prompt_of(thing), &replies.each_ref().map(String::as_str))?;
        let best = (0..3).max_by(|&a, &b| rewards[a].reward.total_cmp(&rewards[b].reward)).unwrap_or(0);
        println!("{:+.1} {}", rewards[best].reward, replies[best]);
        right += usize::from(best == 0);
    }
    assert_eq!(right, 3, "the best reply was not always chosen");
    Ok(())
}
