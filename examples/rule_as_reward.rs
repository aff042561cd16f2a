//! The library at its smallest: a network learns from demonstrations how people say how they are,
//! and then from a rule which of it is wanted:
//! `cargo run --release -p rlhf-examples --example rule_as_reward`.

use rlhf::train::profile::Profile;
use rlhf::train::{Examples, Ppo, Roles, now, supervised};
use rlhf_core::model::Architecture;
use rlhf_core::model::tokenizer::{Bytes, Tokenizer};
use rlhf_core::sampling::Stopping;
use rlhf_cpu::{Cpu, Model};

fn main() -> Result<(), Box<dyn core::error::Error>> {
    // Tokens are bytes. The context is 32 of them, the network 32 wide, 2 layers, 4 heads.
    let mut model = Model::random(&Cpu::default(), Architecture::gpt2(257, 32, 32, 2, 4), 1)?;
    let mut recipe = Profile::instructgpt();

    // Step 1: demonstrations, of which one in four is cheerful.
    let answers = ["happy.", "sleepy.", "hungry.", "angry."];
    let ended = |answer| [Bytes.encode(answer), vec![Bytes::EOS]].concat();
    let demonstrations = Examples::try_from_iter(answers.map(|a| (Bytes.encode("I am "), ended(a))))?;
    let mut sft = recipe.supervised.take().ok_or("the recipe has no step 1")?;
    (sft.optimiser.learning_rate, sft.epochs) = (3e-3, 200);
    now(supervised(&mut model, &demonstrations, &sft, 1, &mut |_| {}))?;

    // Step 2 would train a reward model from rankings: a rule stands for it. Any closure may score.
    let mut cheerful = |text: &[u32]| f32::from(Bytes.decode(text) == "I am happy.");

    // Step 3: PPO.
    let (mut policy, mut reference) = (model.clone(), model.clone());
    let mut critic = model.with_scalar_head(0.0, 1)?;
    (recipe.ppo.policy.learning_rate, recipe.ppo.critic.learning_rate) = (5e-4, 1e-3);
    let mut ppo = Ppo::new(recipe.ppo, 20, 1)?;
    let prompts = Examples::try_from_iter(vec![(Bytes.encode("I am "), []); 64])?;
    let stopping = Stopping { max_new_tokens: 12, eos: &[Bytes::EOS], stop: &[] };
    let mut scores = Vec::new();
    for _ in 0..20 {
        let (policy, critic, reference) = (&mut policy, &mut critic, &mut reference);
        let mut roles = Roles { policy, critic, reference, reward: &mut cheerful };
        let seen = now(ppo.iterate(&mut roles, prompts.sequences()?, &stopping, &Examples::default()))?;
        println!("{:3.0} % cheerful, {:.1} nats from the demonstrations", 100.0 * seen.score, seen.kl);
        scores.push(seen.score);
    }
    assert!(scores[0] < 0.5 && scores[19] > 0.8, "it did not learn: {scores:?}");
    Ok(())
}
