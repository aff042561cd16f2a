//! Preferences without a reward model: a network learns from demonstrations how people take leave, and
//! then, by DPO, from pairs which of it they like better:
//! `cargo run --release -p rlhf-examples --example preferences`.

use rlhf::prelude::*;
use rlhf::train::profile::WarmUpLength;
use rlhf_core::loss::{Per, SupervisedTerm};

const PEOPLE: [&str; 6] = ["Ann", "Ben", "Eve", "Kim", "Max", "Zoe"];
const POLITE: [&str; 2] = ["thank you.", "take care."];
const RUDE: [&str; 2] = ["go away.", "whatever."];

/// Returns the share of polite words to somebody.
fn politeness(model: &mut LanguageModel, person: &str) -> rlhf::Result<f64> {
    let writing = Writing { count: 200, longest: 16, ..Writing::default() };
    let written = model.generate(&format!("{person}, "), &writing)?;
    Ok(written.iter().filter(|answer| POLITE.contains(&answer.text.as_str())).count() as f64 / 200.0)
}

fn main() -> rlhf::Result<()> {
    // Step 1: demonstrations, of which half are polite.
    let network = Architecture::gpt2(257, 32, 32, 2, 4);
    let mut model = LanguageModel::random(&Device::default(), network, Bytes, 1)?;
    let words = [POLITE, RUDE].concat();
    let demonstrations: Vec<_> = PEOPLE
        .iter()
        .flat_map(|person| words.iter().map(move |words| (format!("{person}, "), words)))
        .collect();
    model.fine_tune(&demonstrations).set(|s| (s.epochs, s.optimizer.learning_rate) = (300, 3e-3)).run()?;
    let unseen = PEOPLE[4];
    let before = politeness(&mut model, unseen)?;

    // Step 2: pairs, for all people but the last two. There is no step 3.
    let pairs = PEOPLE[..4].iter().flat_map(|person| {
        let both = POLITE.iter().flat_map(|polite| RUDE.iter().map(move |rude| (polite, rude)));
        both.map(move |(polite, rude)| (format!("{person}, "), polite, rude))
    });
    let pairs: Vec<_> = pairs.collect();
    let dpo = model.prefer(&pairs).set(|s| {
        (s.passes.epochs, s.passes.batch) = (20, 8);
        (s.passes.optimizer.learning_rate, s.passes.optimizer.warm_up) = (3e-4, WarmUpLength::Steps(0));
        // DPO makes rejected words rare, and what takes their place need not be the chosen ones: fine-tuning on
        // those beside it, as in RPO (Pang et al., arXiv:2404.19733), sees to that. Without, 44 % are polite.
        s.objective.supervised = SupervisedTerm { coefficient: 1.0, per: Per::Response };
    });
    dpo.each(|(step, report)| {
        if step.step % 10 == 0 {
            let margin = report.margin().unwrap_or(0.0);
            println!(
                "step {:2}: loss {:.3}, the chosen answer's reward {margin:+.2} higher",
                step.step, step.loss
            );
        }
    })
    .run()?;

    // Somebody it has seen no pair of.
    let after = politeness(&mut model, unseen)?;
    println!("to {unseen}: {:.0} % polite before, {:.0} % after", 100.0 * before, 100.0 * after);
    assert!(before < 0.65 && after > 0.75, "it did not learn: {before} {after}");
    Ok(())
}
