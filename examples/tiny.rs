//! The library at its smallest: a network learns four-word sentences from demonstrations, and then
//! from a rule what kind of sentence is wanted. `cargo run --release -p rlhf-examples --example tiny`

use rlhf::train::{Examples, Ppo, Roles, now, supervised};
use rlhf_core::model::Architecture;
use rlhf_core::model::tokenizer::{Bytes, Tokenizer};
use rlhf_core::profile::Profile;
use rlhf_core::roles::Reward;
use rlhf_core::sampling::Stopping;
use rlhf_core::{Error, Ragged};
use rlhf_cpu::{Cpu, Model};

/// Anything may score texts: a network, a person, or as here a rule.
struct Cheerful;

impl Reward for Cheerful {
    type Error = Error;

    async fn score(&mut self, texts: Ragged<'_>, scores: &mut [f32]) -> Result<(), Error> {
        for ((text, _), score) in texts.sequences().zip(scores) {
            *score = f32::from(Bytes.decode(text).ends_with("is happy."));
        }
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // A network that reads bytes: 32 tokens of context, 32 wide, 2 layers, 4 heads.
    let mut model = Model::random(&Cpu::default(), Architecture::gpt2(257, 32, 32, 2, 4), 1)?;
    let mut recipe = Profile::instructgpt();

    // Step 1. One demonstration in four is cheerful.
    let mut demonstrations = Examples::default();
    for animal in ["cat", "dog", "fox", "owl"] {
        for mood in ["happy", "sleepy", "hungry", "angry"] {
            let response = [Bytes.encode(&format!("{animal} is {mood}.")), vec![Bytes::EOS]].concat();
            demonstrations.push(&Bytes.encode("The "), &response)?;
        }
    }
    let mut sft = recipe.supervised.take().expect("InstructGPT has this step");
    (sft.optimiser.learning_rate, sft.epochs, sft.batch) = (3e-3, 200, 16);
    now(supervised(&mut model, &demonstrations, &sft, 1, &mut |_| {}))?;

    // Step 3. (Step 2 trains a reward model from rankings: the rule stands for it.)
    let (mut policy, mut reference) = (model.clone(), model.clone());
    let mut critic = model.with_scalar_head(0.0, 1)?;
    (recipe.ppo.policy.learning_rate, recipe.ppo.critic.learning_rate) = (5e-4, 1e-3);
    let iterations = 30;
    let mut ppo = Ppo::new(recipe.ppo, iterations, 1)?;
    let prompts = Bytes.encode("The ").repeat(64);
    let ends: Vec<usize> = (1..=64).map(|i| 4 * i).collect();
    let stopping = Stopping { max_new_tokens: 20, eos: Some(Bytes::EOS), stop: &[] };
    let mut scores = Vec::new();
    for i in 0..iterations {
        let (policy, critic, reference) = (&mut policy, &mut critic, &mut reference);
        let mut roles = Roles { policy, critic, reference, reward: &mut Cheerful };
        let prompts = Ragged::new(&prompts, &ends)?;
        let seen = now(ppo.iterate(&mut roles, prompts, &stopping, &Examples::default()))?;
        if i % 5 == 0 || i + 1 == iterations {
            let text = Bytes.decode(seen.rollouts.sequences().sequences().next().map_or(&[], |(t, _)| t));
            println!("{:3.0} % cheerful, {:4.1} nats away: {text}", 100.0 * seen.score, seen.kl);
        }
        scores.push(seen.score);
    }
    assert!(scores[0] < 0.5 && scores[iterations as usize - 1] > 0.8, "it did not learn: {scores:?}");
    Ok(())
}
