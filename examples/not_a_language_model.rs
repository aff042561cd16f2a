//! RLHF of a policy that is no language model: a table of which note follows which learns to write
//! tunes that a listener likes. The trainer asks for roles, not for a network:
//! `cargo run --release -p rlhf-examples --example not_a_language_model`.

use rlhf::blocking;
use rlhf::train::profile::{Ppo, Profile};
use rlhf::train::{Examples, Guards, Models, Prompts, RolloutTrainer};
use rlhf_core::sampling::StopCriteria;
use rlhf_core::testing::Table;

/// An octave, and the note on which a tune ends.
const NOTES: usize = 8;
const HOME: u32 = 0;

/// The listener likes steps to a neighboring note, and tunes that come home.
fn listener(tune: &[u32]) -> f32 {
    let steps = tune.windows(2).filter(|pair| pair[0].abs_diff(pair[1]) == 1).count();
    steps as f32 / (tune.len() - 1) as f32 + f32::from(tune.ends_with(&[HOME]))
}

fn main() -> Result<(), Box<dyn core::error::Error>> {
    // Every note is as likely at first; a critic has one value for each.
    let (notes, mut reward) = (Table::new(NOTES, NOTES), listener);
    let models = Models::new(notes.clone()).with_reference(notes).with_critic(Table::new(NOTES, 1));
    let mut models = models.with_reward(&mut reward);
    let mut recipe = Ppo { average: None, batch: Some(64), ..Profile::instructgpt().ppo };
    (recipe.policy.learning_rate, recipe.critic.learning_rate) = (0.1, 0.1);
    recipe.pretraining = None;
    let prompts: Vec<Vec<u32>> = (0..64).map(|i| vec![1 + i % 7]).collect();
    let stopping = StopCriteria { max_new_tokens: 12, eos: &[HOME], stop: &[] };
    let (mix, guards) = (Examples::default(), Guards::default());
    let on = Prompts { prompts: &prompts, stopping, mix: &mix, iterations: 40, guards };
    let mut scores = Vec::new();
    blocking::train(RolloutTrainer::ppo(&recipe, on, 1)?, &mut models, |report| {
        let Some(iteration) = &report.iteration else { return };
        if report.step % 10 == 0 {
            let tune = &iteration.rollouts.sequences().tokens()[iteration.rollouts.span(3)];
            println!("{:.2} of 2, {:.1} nats from chance: {tune:?}", iteration.score, iteration.kl);
        }
        scores.push(iteration.score);
    })?;
    assert!(scores[0] < 1.2 && scores[39] > 1.6, "it did not learn: {scores:?}");
    Ok(())
}
