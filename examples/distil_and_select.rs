//! Learning without a policy gradient: a network imitates the best of its own answers, and a smaller one then
//! learns from it token by token:
//! `cargo run --release -p rlhf-examples --example distil_and_select`.

use rlhf::blocking;
use rlhf::train::profile::{self, DistillationTraining, Profile, WarmUpLength};
use rlhf::train::{Distil, Examples, Guards, Models, Prompts, RolloutTrainer};
use rlhf_core::model::Architecture;
use rlhf_core::model::tokenizer::{Bytes, Tokenizer};
use rlhf_core::random::{Key, Stream};
use rlhf_core::sampling::{SamplingParams, StopCriteria};
use rlhf_cpu::{Cpu, Model};

const PEOPLE: [&str; 4] = ["Ann", "Ben", "Eve", "Kim"];
const WORDS: [&str; 4] = ["thank you.", "take care.", "go away.", "whatever."];
const STOPPING: StopCriteria<'static> = StopCriteria { max_new_tokens: 16, eos: &[Bytes::EOS], stop: &[] };

/// The reward, which is a rule and not a person.
fn polite(text: &[u32]) -> f32 {
    let text = Bytes.decode(text);
    f32::from(WORDS[..2].iter().any(|words| text.ends_with(words)))
}

/// The share of polite answers.
fn politeness(policy: &Model, prompts: &[Vec<u32>]) -> Result<f64, Box<dyn core::error::Error>> {
    let again =
        Examples::try_from_iter(prompts.iter().flat_map(|prompt| core::iter::repeat_n((prompt, []), 50)))?;
    let (all, key) = (SamplingParams::at_temperature(1.0), Key::new(1, Stream::Sampling, 0));
    let answers = blocking::sample(&mut policy.clone(), again.sequences()?, &all, &STOPPING, key)?;
    let count: f64 = (0..answers.len()).map(|i| f64::from(polite(answers.response(i)))).sum();
    Ok(count / answers.len() as f64)
}

fn main() -> Result<(), Box<dyn core::error::Error>> {
    // Two networks learn to speak from the same demonstrations, of which half are polite.
    let greeted = PEOPLE.iter().flat_map(|person| WORDS.map(|words| (format!("{person}, "), words)));
    let demonstrations =
        Examples::try_from_iter(greeted.map(|(prompt, words)| {
            (Bytes.encode(&prompt), [Bytes.encode(words), vec![Bytes::EOS]].concat())
        }))?;
    let prompts = Vec::from(PEOPLE.map(|person| Bytes.encode(&format!("{person}, "))));
    let mut sft = Profile::instructgpt().supervised.ok_or("the recipe has no step 1")?;
    (sft.optimizer.learning_rate, sft.epochs, sft.dropout) = (3e-3, 400, 0.0);
    let mut large = Model::random(&Cpu::default(), Architecture::gpt2(257, 32, 32, 2, 4), 1)?;
    let mut small = Model::random(&Cpu::default(), Architecture::gpt2(257, 32, 24, 1, 2), 2)?;
    for model in [&mut large, &mut small] {
        blocking::supervised(model, &demonstrations, &sft, 1, |_| {})?;
    }
    let before = [politeness(&large, &prompts)?, politeness(&small, &prompts)?];

    // The large one writes sixteen answers to everyone and imitates the best.
    let mut best = profile::ExpertIteration::best_of(16);
    best.prompts = PEOPLE.len() as u32;
    (best.passes.minibatches, best.passes.optimizer.learning_rate) = (4, 2e-3);
    let (mix, guards) = (Examples::default(), Guards::default());
    let on = Prompts { prompts: &prompts, stopping: STOPPING, mix: &mix, iterations: 15, guards };
    let (first, mut reward) = (large.clone(), polite);
    let mut models = Models::new(large).with_reference(first).with_reward(&mut reward);
    blocking::train(RolloutTrainer::expert_iteration(&best, on, 1)?, &mut models, |report| {
        if report.step % 5 == 0 {
            println!("iteration {:2}: {}", report.step, report.sentence);
        }
    })?;
    let large = models.policy;

    // The small one learns from it, half of the time on its own answers.
    let mut gkd = DistillationTraining::gkd();
    (gkd.passes.epochs, gkd.passes.batch) = (150, 16);
    (gkd.passes.optimizer.learning_rate, gkd.passes.optimizer.warm_up) = (3e-3, WarmUpLength::Steps(0));
    let mut models: Models<'_, _, ()> = Models::new(small).with_reference(large.clone());
    blocking::train(Distil::new(&demonstrations, &STOPPING, &gkd, 1)?, &mut models, |report| {
        if report.step % 25 == 0 {
            println!("step {:3}: {}", report.step, report.sentence);
        }
    })?;
    let small = models.policy;

    let after = [politeness(&large, &prompts)?, politeness(&small, &prompts)?];
    println!(
        "polite: the large one {:.2} to {:.2}, the small one {:.2} to {:.2}",
        before[0], after[0], before[1], after[1]
    );
    assert!(before.iter().all(|share| *share < 0.7), "it was polite before: {before:?}");
    assert!(after.iter().all(|share| *share > 0.9), "it did not learn: {after:?}");
    Ok(())
}
