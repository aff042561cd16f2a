//! The tests' network: a row of numbers for each token, which are the logits of the next one, action
//! values, or a single value. It has every capability, and its gradients can be followed by hand.

use crate::capabilities::{Candidates, LearnCandidates, LearnRows, Parameters, Rows};
use crate::error::check;
use crate::maths::{Update, average, log_prob, log_prob_pull, log_softmax};
use crate::random::{Key, Stream};
use crate::roles::{Averaged, Critic, Learner, Policy, Reference};
use crate::sampling::{Finish, Responses, Sampling, Stopping, draw, greedy};
use crate::{Batch, CandidateObjective, Error, Objective, Ragged, RowObjective};
use core::ops::Range;
use std::vec;
use std::vec::Vec;

#[derive(Clone)]
pub struct Table {
    pub columns: usize,
    pub weights: Vec<f32>,
    pub gradient: Vec<f32>,
    average: Vec<f32>,
}

/// All tokens but each sequence's first.
pub fn owed(sequences: Ragged<'_>) -> Vec<bool> {
    let mut owed = vec![true; sequences.tokens().len()];
    sequences.sequences().for_each(|(_, span)| owed[span.start] = false);
    owed
}

impl Table {
    pub fn new(tokens: usize, columns: usize) -> Self {
        let zeros = vec![0.0; tokens * columns];
        Self { columns, weights: zeros.clone(), gradient: zeros.clone(), average: zeros }
    }

    pub fn random(tokens: usize, seed: u64) -> Self {
        let mut draws = Key::new(seed, Stream::Init, 0).draws(0);
        let mut table = Self::new(tokens, tokens);
        table.weights.iter_mut().for_each(|w| *w = draws.normal() as f32);
        table
    }

    pub fn row(&self, token: u32) -> Range<usize> {
        token as usize * self.columns..(token as usize + 1) * self.columns
    }

    /// A step of plain gradient descent, which forgets the gradient.
    pub fn descend(&mut self, rate: f32) {
        for (weight, slope) in self.weights.iter_mut().zip(&mut self.gradient) {
            *weight -= rate * core::mem::take(slope);
        }
    }

    /// The owed positions, each with where the row that predicts it lies.
    fn predicted(&self, batch: Batch<'_>) -> Vec<(usize, Range<usize>)> {
        let tokens = batch.sequences().tokens();
        (1..tokens.len()).filter(|&t| batch.owed()[t]).map(|t| (t, self.row(tokens[t - 1]))).collect()
    }
}

impl Reference for Table {
    type Error = Error;

    async fn log_probs(&mut self, batch: Batch<'_>, out: &mut [f32]) -> Result<(), Error> {
        out.fill(0.0);
        for (t, row) in self.predicted(batch) {
            let target = batch.sequences().tokens()[t] as usize;
            out[t] = log_prob(&self.weights[row], target, batch.temperature().into())?.0;
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
        let mut out = Responses::default();
        for (i, (prompt, _)) in prompts.sequences().enumerate() {
            let (mut text, mut finish) = (prompt.to_vec(), None);
            while finish.is_none() {
                let position = text.len() - prompt.len();
                let logits = &self.weights[self.row(text[text.len() - 1])];
                let mut left = logits.to_vec();
                let token = match sampling {
                    Sampling::Greedy => greedy(logits)?,
                    Sampling::Draw(filters) => {
                        filters.apply(&mut left, &text, &mut vec![0; logits.len()])?;
                        draw(&left, key.uniform(first + i as u32, position as u32))?
                    }
                };
                out.log_probs.push(log_prob(logits, token as usize, sampling.temperature().into())?.0);
                text.push(token);
                finish = stopping.finish(token, position + 1);
            }
            out.tokens.extend_from_slice(&text[prompt.len()..]);
            out.ends.push(out.tokens.len());
            out.finish.push(finish.unwrap_or(Finish::Length));
        }
        Ok(out)
    }
}

impl Critic for Table {
    type Error = Error;

    async fn values(&mut self, sequences: Ragged<'_>, out: &mut [f32]) -> Result<(), Error> {
        for (value, &token) in out.iter_mut().zip(sequences.tokens()) {
            *value = self.weights[self.row(token).start];
        }
        Ok(())
    }
}

impl Learner for Table {
    type Error = Error;

    async fn accumulate<O: Objective>(&mut self, batch: Batch<'_>, objective: &mut O) -> Result<f64, Error> {
        let tokens = batch.sequences().tokens();
        let (mut loss, needs) = (0.0, objective.needs());
        if needs.values {
            let (mut values, mut grad) = (vec![0.0; tokens.len()], vec![f32::NAN; tokens.len()]);
            self.values(batch.sequences(), &mut values).await?;
            loss += objective.values(&values, &mut grad)?;
            for (&token, grad) in tokens.iter().zip(grad) {
                let place = self.row(token).start;
                self.gradient[place] += grad;
            }
        }
        for (t, row) in self.predicted(batch).into_iter().filter(|_| needs.log_probs) {
            let (target, temperature) = (tokens[t] as usize, batch.temperature().into());
            let (log_prob, entropy) = log_prob(&self.weights[row.clone()], target, temperature)?;
            let (mut grad, mut grad_entropy) = ([f32::NAN], vec![f32::NAN; usize::from(needs.entropy)]);
            let entropy = &[entropy][..grad_entropy.len()];
            loss += objective.tokens(&[t], &[log_prob], entropy, &mut grad, &mut grad_entropy)?;
            let slope = grad_entropy.first().copied().unwrap_or(0.0);
            let pulled = &mut self.gradient[row.clone()];
            log_prob_pull(&self.weights[row], target, temperature, grad[0], slope, pulled)?;
        }
        Ok(loss)
    }

    async fn forget(&mut self) -> Result<(), Error> {
        self.gradient.fill(0.0);
        Ok(())
    }

    async fn step(&mut self, update: &Update) -> Result<f64, Error> {
        let norm = crate::maths::global_norm([&self.gradient[..]]);
        self.descend(update.learning_rate as f32);
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

impl Rows for Table {
    fn row_len(&self) -> usize {
        self.columns
    }

    async fn rows(&mut self, batch: Batch<'_>, visit: &mut dyn FnMut(usize, &[f32])) -> Result<(), Error> {
        self.predicted(batch).into_iter().for_each(|(t, row)| visit(t, &self.weights[row]));
        Ok(())
    }
}

impl LearnRows for Table {
    async fn accumulate_rows<O: RowObjective>(
        &mut self,
        batch: Batch<'_>,
        objective: &mut O,
    ) -> Result<f64, Error> {
        let mut loss = 0.0;
        for (t, row) in self.predicted(batch) {
            let mut grad = vec![f32::NAN; self.columns];
            loss += objective.row(t, &self.weights[row.clone()], &mut grad)?;
            self.gradient[row].iter_mut().zip(grad).for_each(|(sum, grad)| *sum += grad);
        }
        Ok(loss)
    }
}

impl Candidates for Table {
    async fn top(
        &mut self,
        batch: Batch<'_>,
        k: usize,
        ids: &mut [u32],
        log_probs: &mut [f32],
    ) -> Result<(), Error> {
        let mut left = vec![0.0; self.columns];
        for (i, (_, row)) in self.predicted(batch).into_iter().enumerate() {
            left.copy_from_slice(&self.weights[row]);
            for id in &mut ids[i * k..(i + 1) * k] {
                *id = greedy(&left)?;
                left[*id as usize] = f32::NEG_INFINITY;
            }
        }
        self.candidates(batch, k, ids, log_probs).await
    }

    async fn candidates(
        &mut self,
        batch: Batch<'_>,
        k: usize,
        ids: &[u32],
        log_probs: &mut [f32],
    ) -> Result<(), Error> {
        let mut normalised = vec![0.0; self.columns];
        for (i, (_, row)) in self.predicted(batch).into_iter().enumerate() {
            log_softmax(&self.weights[row], batch.temperature().into(), &mut normalised)?;
            for j in i * k..(i + 1) * k {
                log_probs[j] = normalised[ids[j] as usize];
            }
        }
        Ok(())
    }
}

impl LearnCandidates for Table {
    async fn accumulate_candidates<O: CandidateObjective>(
        &mut self,
        batch: Batch<'_>,
        k: usize,
        ids: &[u32],
        objective: &mut O,
    ) -> Result<f64, Error> {
        let predicted = self.predicted(batch);
        let positions: Vec<usize> = predicted.iter().map(|(t, _)| *t).collect();
        let (mut log_probs, mut grad) = (vec![0.0; ids.len()], vec![f32::NAN; ids.len()]);
        self.candidates(batch, k, ids, &mut log_probs).await?;
        let loss = objective.candidates(&positions, &log_probs, &mut grad)?;
        for (i, (_, row)) in predicted.into_iter().enumerate() {
            let (logits, pulled) = (&self.weights[row.clone()], &mut self.gradient[row]);
            for j in i * k..(i + 1) * k {
                let temperature = batch.temperature().into();
                log_prob_pull(logits, ids[j] as usize, temperature, grad[j], 0.0, pulled)?;
            }
        }
        Ok(loss)
    }
}

impl Parameters for Table {
    fn parameters(&self) -> usize {
        self.weights.len()
    }

    async fn read(&mut self, out: &mut [f32]) -> Result<(), Error> {
        check("out", out.len(), self.weights.len())?;
        out.copy_from_slice(&self.weights);
        Ok(())
    }

    async fn write(&mut self, values: &[f32]) -> Result<(), Error> {
        check("values", values.len(), self.weights.len())?;
        self.weights.copy_from_slice(values);
        Ok(())
    }

    async fn take_gradient(&mut self, out: &mut [f32]) -> Result<(), Error> {
        check("out", out.len(), self.gradient.len())?;
        out.copy_from_slice(&self.gradient);
        self.gradient.fill(0.0);
        Ok(())
    }
}
