//! Supervised fine-tuning and PPO with a reward of one's own, on a network that reads bytes:
//! `cargo run --release -p rlhf-examples --example rule_as_reward`.

use rlhf::prelude::*;

fn main() -> rlhf::Result<()> {
    // Tokens are bytes. The network reads 32 of them, is 32 wide and has 2 layers of 4 heads.
    let network = Architecture::gpt2(257, 32, 32, 2, 4);
    let mut model = LanguageModel::random(&Device::default(), network, Bytes, 1)?;

    // Step 1: demonstrations, of which one in four is cheerful.
    let demonstrations = ["happy.", "sleepy.", "hungry.", "angry."].map(|answer| ("I am ", answer));
    model.fine_tune(&demonstrations).set(|s| (s.epochs, s.optimizer.learning_rate) = (200, 3e-3)).run()?;

    // Step 2 would train a reward model from rankings: a rule stands in for it. Step 3 is PPO.
    let cheerful = |text: &str| f32::from(text == "I am happy.");
    let ppo = model.ppo(&["I am "], cheerful).set(|s| {
        (s.iterations, s.max_new_tokens, s.method.batch) = (20, 12, Some(64));
        (s.method.policy.learning_rate, s.method.critic.learning_rate) = (5e-4, 1e-3);
    });
    ppo.each(|step| println!("{:3.0} % cheerful, {:.1} nats away", 100.0 * step.score, step.kl)).run()?;

    let answers = model.generate("I am ", &Writing { count: 100, ..Writing::default() })?;
    let happy = answers.iter().filter(|answer| answer.text == "happy.").count();
    assert!(happy > 80, "it did not learn: {happy} of 100");
    Ok(())
}
