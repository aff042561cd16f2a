//! A reward model inside a program: a help desk learns from rankings which of its replies people
//! like, and then sends the best of those it could send:
//! `cargo run --release -p rlhf-examples --example reward_model_inside`.

use rlhf::train::profile::Profile;
use rlhf::train::{Examples, Ranking, now, ranking_accuracy, reward_model};
use rlhf_core::model::Architecture;
use rlhf_core::model::tokenizer::{Bytes, Tokenizer};
use rlhf_core::ready;
use rlhf_core::roles::Reward;
use rlhf_cpu::{Cpu, Model};

/// The ways to say it, as people rank them.
const WAYS: [&str; 3] = ["Please try again, we fixed the {}.", "We fixed the {}.", "The {}? Your fault."];

/// What can be said of something, best first.
fn replies(thing: &str) -> [String; 3] {
    WAYS.map(|way| way.replace("{}", thing))
}

fn main() -> Result<(), Box<dyn core::error::Error>> {
    // Step 2: people have ranked replies about some things ...
    let rank = |thing: &&str| Ranking {
        texts: replies(thing).iter().map(|reply| Bytes.encode(reply)).collect(),
        ranks: vec![1, 2, 3],
        ..Ranking::default()
    };
    let (known, unseen) = (["login", "invoice", "search", "printer", "menu"], ["upload", "map", "chat"]);
    let rankings: Vec<Ranking> = known.iter().map(rank).collect();
    let mut settings = Profile::instructgpt().reward;
    (settings.optimiser.learning_rate, settings.epochs) = (1e-3, 30);
    let network = Model::random(&Cpu::default(), Architecture::gpt2(257, 64, 32, 2, 4), 1)?;
    let mut model = network.with_scalar_head(0.0, 1)?;
    now(reward_model(&mut model, &rankings, &settings, 1, &mut |step, seen| {
        if step.step % 10 == 0 {
            println!("step {}: {:.0} % of pairs", step.step, 100.0 * seen.accuracy().unwrap_or(0.0));
        }
    }))?;

    // ... and the program scores its own about others.
    let mut chosen = Vec::new();
    for thing in unseen {
        let replies = replies(thing);
        let texts = Examples::try_from_iter(replies.iter().map(|reply| (Bytes.encode(reply), [])))?;
        let mut scores = [0.0; 3];
        ready(model.score(texts.sequences()?, &mut scores)).ok_or("the processor never waits")??;
        let best = (0..3).max_by(|&a, &b| scores[a].total_cmp(&scores[b])).unwrap_or(0);
        println!("{:+.1} {}", scores[best], replies[best]);
        chosen.push(best);
    }
    let (right, pairs) = now(ranking_accuracy(&mut model, &unseen.iter().map(rank).collect::<Vec<_>>()))?;
    println!("{right} of {pairs} pairs about things never seen are ordered as people would");
    assert!(chosen == [0; 3] && right >= 8, "{chosen:?}, {right} of {pairs}");
    Ok(())
}
