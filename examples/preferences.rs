//! Preferences without a reward model: a network learns from demonstrations how people take leave, and
//! then, by DPO, from pairs which of it they like better:
//! `cargo run --release -p rlhf-examples --example preferences`.

use rlhf::train::profile::{PreferenceTraining, Profile, WarmUpLength};
use rlhf::train::{Examples, Pairs, now, preference_stats, preferences, supervised};
use rlhf_core::maths::{Per, SupervisedTerm};
use rlhf_core::model::Architecture;
use rlhf_core::model::tokenizer::{Bytes, Tokenizer};
use rlhf_core::random::{Key, Stream};
use rlhf_core::ready;
use rlhf_core::roles::Policy;
use rlhf_core::sampling::{Sampling, Stopping};
use rlhf_cpu::{Cpu, Model};

const PEOPLE: [&str; 6] = ["Ann", "Ben", "Eve", "Kim", "Max", "Zoe"];
/// What is said to them; people like the polite half better.
const WORDS: [&str; 4] = ["thank you.", "take care.", "go away.", "whatever."];

fn polite(words: &str) -> bool {
    WORDS[..2].contains(&words)
}

fn tokens(words: &str) -> Vec<u32> {
    [Bytes.encode(words), vec![Bytes::EOS]].concat()
}

/// The share of polite words to somebody.
fn politeness(policy: &Model, person: &str) -> Result<f64, Box<dyn core::error::Error>> {
    let prompts = Examples::try_from_iter(vec![(Bytes.encode(&format!("{person}, ")), []); 200])?;
    let stopping = Stopping { max_new_tokens: 16, eos: &[Bytes::EOS], stop: &[] };
    let (all, key) = (Sampling::at_temperature(1.0), Key::new(1, Stream::Sampling, 0));
    let mut policy = policy.clone();
    let said = ready(policy.sample(prompts.sequences()?, &all, &stopping, key, 0));
    let said = said.ok_or("the processor never waits")??;
    let count = (0..said.len()).filter(|&i| polite(&Bytes.decode(said.response(i)))).count();
    Ok(count as f64 / said.len() as f64)
}

fn main() -> Result<(), Box<dyn core::error::Error>> {
    // Step 1: demonstrations, of which half are polite.
    let mut model = Model::random(&Cpu::default(), Architecture::gpt2(257, 32, 32, 2, 4), 1)?;
    let mut sft = Profile::instructgpt().supervised.ok_or("the recipe has no step 1")?;
    (sft.optimiser.learning_rate, sft.epochs) = (3e-3, 300);
    let both = PEOPLE.iter().flat_map(|person| WORDS.map(|words| (format!("{person}, "), words)));
    let demonstrations = both.map(|(prompt, words)| (Bytes.encode(&prompt), tokens(words)));
    now(supervised(&mut model, &Examples::try_from_iter(demonstrations)?, &sft, 1, &mut |_| {}))?;

    // Step 2: pairs, for all people but the last two. There is no step 3.
    let compared = |person: &&str| {
        let prompt = Bytes.encode(&format!("{person}, "));
        let pairs = WORDS[..2].iter().flat_map(|chosen| WORDS[2..].iter().map(move |other| (chosen, other)));
        pairs.map(move |(chosen, other)| (prompt.clone(), tokens(chosen), tokens(other))).collect::<Vec<_>>()
    };
    let (known, unseen) = PEOPLE.split_at(4);
    let pairs = Pairs::try_from_iter(known.iter().flat_map(compared))?;
    let mut dpo = PreferenceTraining::by_name("dpo")?;
    (dpo.passes.epochs, dpo.passes.batch) = (20, 8);
    // DPO makes rejected words rare, and what takes their place need not be the chosen ones: fine-tuning on
    // those beside it, as in RPO (Pang et al., arXiv:2404.19733), sees to that. Without, 44 % are polite.
    dpo.objective.supervised = SupervisedTerm { coefficient: 1.0, per: Per::Response };
    (dpo.passes.optimiser.learning_rate, dpo.passes.optimiser.warm_up) = (3e-4, WarmUpLength::Steps(0));
    let (mut policy, mut reference) = (model.clone(), model.clone());
    now(preferences(&mut policy, &mut reference, &pairs, &dpo, 1, &mut |step, seen| {
        if step.step % 10 == 0 {
            let margin = seen.margin().unwrap_or(0.0);
            println!(
                "step {:2}: loss {:.3}, the chosen answer's reward {margin:+.2} higher",
                step.step, step.loss
            );
        }
    }))?;

    // People it has seen no pair of.
    let others = Pairs::try_from_iter(unseen.iter().flat_map(compared))?;
    let seen = now(preference_stats(&mut policy, &mut reference, &others, &dpo.objective))?;
    let (before, after) = (politeness(&model, unseen[0])?, politeness(&policy, unseen[0])?);
    println!("{} of {} pairs about others are ordered as people would", seen.correct, seen.pairs);
    println!("{:.0} % polite before, {:.0} % after", 100.0 * before, 100.0 * after);
    assert!(
        before < 0.65 && after > 0.75 && seen.correct >= 7,
        "it did not learn: {before} {after} {seen:?}"
    );
    Ok(())
}
