//! RLHF of a policy that is no language model: a table of which note follows which learns to write
//! tunes that a listener likes. The trainer asks for roles, not for a network:
//! `cargo run --release -p rlhf-examples --example not_a_language_model`.

use rlhf::train::profile::{Ppo as Settings, Profile};
use rlhf::train::{Examples, Models, Ppo, now};
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
    let mut recipe = Settings { average: None, ..Profile::instructgpt().ppo };
    (recipe.policy.learning_rate, recipe.critic.learning_rate) = (0.1, 0.1);
    let mut ppo = Ppo::new(recipe, 40, 1)?;
    let beginnings = Examples::try_from_iter((0..64).map(|i| ([1 + i % 7], [])))?;
    let stopping = StopCriteria { max_new_tokens: 12, eos: &[HOME], stop: &[] };
    let mut scores = Vec::new();
    for iteration in 1..=40 {
        let seen = now(ppo.iterate(&mut models, beginnings.sequences()?, &stopping, &Examples::default()))?;
        if iteration % 10 == 0 {
            let tune = &seen.rollouts.sequences().tokens()[seen.rollouts.span(3)];
            println!("{:.2} of 2, {:.1} nats from chance: {tune:?}", seen.score, seen.kl);
        }
        scores.push(seen.score);
    }
    assert!(scores[0] < 1.2 && scores[39] > 1.6, "it did not learn: {scores:?}");
    Ok(())
}
