//! RLHF of a policy that is no language model: a table of which note follows which learns to write
//! tunes that a listener likes. The trainer asks for roles, not for a network:
//! `cargo run --release -p rlhf-examples --example not_a_language_model`.

use rlhf::train::profile::Profile;
use rlhf::train::{Examples, Ppo, Roles, now};
use rlhf_core::maths::{Update, average, clip_factor, global_norm, log_prob, log_prob_pull};
use rlhf_core::random::Key;
use rlhf_core::roles::{Averaged, Critic, Learner, Policy, Reference};
use rlhf_core::sampling::{Finish, Responses, Sampling, Stopping, draw, filters};
use rlhf_core::{Batch, Error, Objective, Ragged};

/// An octave, and the note on which a tune ends.
const NOTES: usize = 8;
const HOME: u32 = 0;

/// A row of numbers for each note: the logits of the next one, or a critic's single value.
#[derive(Clone)]
struct Table {
    weights: Vec<f32>,
    gradient: Vec<f32>,
    average: Vec<f32>,
}

impl Table {
    fn new(columns: usize) -> Self {
        let zeros = vec![0.0; NOTES * columns];
        Self { weights: zeros.clone(), gradient: zeros.clone(), average: zeros }
    }

    fn row(&self, note: u32) -> core::ops::Range<usize> {
        let columns = self.weights.len() / NOTES;
        note as usize * columns..(note as usize + 1) * columns
    }
}

impl Reference for Table {
    type Error = Error;

    async fn log_probs(&mut self, batch: Batch<'_>, out: &mut [f32]) -> Result<(), Error> {
        let notes = batch.sequences().tokens();
        out.fill(0.0);
        for t in (0..notes.len()).filter(|&t| batch.owed()[t]) {
            let logits = &self.weights[self.row(notes[t - 1])];
            out[t] = log_prob(logits, notes[t] as usize, batch.temperature().into())?.0;
        }
        Ok(())
    }
}

impl Policy for Table {
    async fn sample(
        &mut self,
        prompts: Ragged<'_>,
        sampling: &Sampling,
        stopping: &Stopping<'_>,
        key: Key,
        first: u32,
    ) -> Result<Responses, Error> {
        let temperature = f64::from(sampling.temperature());
        let mut out = Responses::default();
        for (i, (prompt, _)) in prompts.sequences().enumerate() {
            let (mut last, mut position, mut finish) = (prompt[prompt.len() - 1], 0, None);
            while finish.is_none() {
                let logits = &self.weights[self.row(last)];
                let mut scaled = logits.to_vec();
                filters::temperature(&mut scaled, temperature)?;
                last = draw(&scaled, key.uniform(first + i as u32, position))?;
                out.tokens.push(last);
                out.log_probs.push(log_prob(logits, last as usize, temperature)?.0);
                position += 1;
                finish = stopping.finish(last, position as usize);
            }
            out.ends.push(out.tokens.len());
            out.finish.push(finish.unwrap_or(Finish::Length));
        }
        Ok(out)
    }
}

impl Critic for Table {
    type Error = Error;

    async fn values(&mut self, sequences: Ragged<'_>, out: &mut [f32]) -> Result<(), Error> {
        for (value, note) in out.iter_mut().zip(sequences.tokens()) {
            *value = self.weights[*note as usize];
        }
        Ok(())
    }
}

impl Learner for Table {
    type Error = Error;

    async fn accumulate<O: Objective>(&mut self, batch: Batch<'_>, objective: &mut O) -> Result<f64, Error> {
        let notes = batch.sequences().tokens();
        let mut numbers = vec![0.0; notes.len()];
        if objective.needs().values {
            let mut slopes = vec![0.0; notes.len()];
            self.values(batch.sequences(), &mut numbers).await?;
            let loss = objective.values(&numbers, &mut slopes)?;
            notes.iter().zip(slopes).for_each(|(note, slope)| self.gradient[*note as usize] += slope);
            return Ok(loss);
        }
        self.log_probs(batch, &mut numbers).await?;
        let mut loss = 0.0;
        for t in (0..notes.len()).filter(|&t| batch.owed()[t]) {
            let mut slope = [0.0];
            loss += objective.tokens(&[t], &[numbers[t]], &[], &mut slope, &mut [])?;
            let (row, target) = (self.row(notes[t - 1]), notes[t] as usize);
            let (logits, pulled) = (&self.weights[row.clone()], &mut self.gradient[row]);
            log_prob_pull(logits, target, batch.temperature().into(), slope[0], 0.0, pulled)?;
        }
        Ok(loss)
    }

    async fn forget(&mut self) -> Result<(), Error> {
        self.gradient.fill(0.0);
        Ok(())
    }

    async fn step(&mut self, update: &Update) -> Result<f64, Error> {
        let norm = global_norm([&self.gradient[..]]);
        let rate = update.learning_rate * clip_factor(norm, update.max_grad_norm)?;
        for (weight, slope) in self.weights.iter_mut().zip(&mut self.gradient) {
            *weight -= rate as f32 * core::mem::take(slope);
        }
        Ok(norm)
    }
}

impl Averaged for Table {
    async fn average(&mut self, decay: f64) -> Result<(), Error> {
        average(&mut self.average, &self.weights, decay)
    }

    async fn swap_average(&mut self) -> Result<(), Error> {
        core::mem::swap(&mut self.average, &mut self.weights);
        Ok(())
    }
}

/// The listener likes steps to a neighbouring note, and tunes that come home.
fn listener(tune: &[u32]) -> f32 {
    let steps = tune.windows(2).filter(|pair| pair[0].abs_diff(pair[1]) == 1).count();
    steps as f32 / (tune.len() - 1) as f32 + f32::from(tune.ends_with(&[HOME]))
}

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let (mut policy, mut reference, mut critic) = (Table::new(NOTES), Table::new(NOTES), Table::new(1));
    let mut recipe = Profile::instructgpt().ppo;
    (recipe.policy.learning_rate, recipe.critic.learning_rate) = (2.0, 2.0);
    let mut ppo = Ppo::new(recipe, 40, 1)?;
    let beginnings = Examples::try_from_iter((0..64).map(|i| ([1 + i % 7], [])))?;
    let stopping = Stopping { max_new_tokens: 12, eos: &[HOME], stop: &[] };
    let mut scores = Vec::new();
    for iteration in 1..=40 {
        let (policy, critic, reference) = (&mut policy, &mut critic, &mut reference);
        let mut roles = Roles { policy, critic, reference, reward: &mut listener };
        let seen = now(ppo.iterate(&mut roles, beginnings.sequences()?, &stopping, &Examples::default()))?;
        if iteration % 10 == 0 {
            let tune = &seen.rollouts.sequences().tokens()[seen.rollouts.span(3)];
            println!("{:.2} of 2, {:.1} nats from chance: {tune:?}", seen.score, seen.kl);
        }
        scores.push(seen.score);
    }
    assert!(scores[0] < 1.2 && scores[39] > 1.6, "it did not learn: {scores:?}");
    Ok(())
}
