//! A network to test trainers with: a table, whose gradients can be followed by hand.
//!
//! ```
//! use rlhf_core::testing::Table;
//! use rlhf_core::{Ragged, Batch, ready, roles::Reference};
//! // Four tokens that all are as likely.
//! let (mut table, mut log_probs) = (Table::new(4, 4), [0.0; 3]);
//! let batch = Batch::new(Ragged::new(&[1, 2, 3], &[3])?, &[false, true, true])?;
//! ready(table.log_probs(batch, &mut log_probs)).unwrap()?;
//! assert_eq!(log_probs[1], 0.25_f32.ln());
//! # Ok::<(), rlhf_core::Error>(())
//! ```

use crate::capabilities::{Candidates, LearnCandidates, LearnRows, Parameters, Rows};
use crate::error::check;
use crate::log_probs::{log_prob, log_prob_pull, log_softmax};
use crate::optim::{AdamW, MovingAverage, Update};
use crate::random::{Key, Stream};
use crate::roles::{Averaged, Critic, Learner, Policy, Reference};
use crate::sampling::{FinishReason, Responses, SamplingParams, StopCriteria, draw, greedy};
use crate::{Batch, CandidateObjective, Error, Objective, Ragged, RowObjective};
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

/// A network that is a table: a row of numbers for each token, which are the logits of the next token, action values, or
/// a single value. It has every capability, and learns by AdamW.
///
/// It is strict: a token outside the table is an error, and so is a slope that an objective leaves unwritten.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// Numbers in each row.
    pub columns: usize,
    /// `[tokens, columns]`.
    pub weights: Vec<f32>,
    /// The gradient accumulated so far, laid out as the weights.
    pub gradient: Vec<f32>,
    average: MovingAverage<f32>,
    adamw: AdamW<f32>,
    /// The number of tokens in each batch that was accumulated.
    pub accumulated: Vec<usize>,
    /// The number of sequences that [`Reference::log_probs`] has scored.
    pub scored: usize,
}

/// Returns the mask of all tokens but each sequence's first.
pub fn loss_mask(sequences: Ragged<'_>) -> Vec<bool> {
    let mut loss_mask = vec![true; sequences.tokens().len()];
    sequences.sequences().for_each(|(_, span)| loss_mask[span.start] = false);
    loss_mask
}

impl Table {
    /// Makes a table of zeros.
    pub fn new(tokens: usize, columns: usize) -> Self {
        Self::with_weights(vec![0.0; tokens * columns], columns)
    }

    /// Makes a table of logits drawn from the standard normal distribution.
    pub fn random(tokens: usize, seed: u64) -> Self {
        let mut draws = Key::new(seed, Stream::Init, 0).draws(0);
        let mut table = Self::new(tokens, tokens);
        table.weights.iter_mut().for_each(|w| *w = draws.normal() as f32);
        table
    }

    /// Makes a table of these weights, `[tokens, columns]`.
    pub fn with_weights(weights: Vec<f32>, columns: usize) -> Self {
        let (gradient, adamw) = (vec![0.0; weights.len()], AdamW::new(weights.len()));
        let average = MovingAverage::new();
        Self { columns, weights, gradient, average, adamw, accumulated: Vec::new(), scored: 0 }
    }

    /// Returns the range of a token's row in the weights.
    ///
    /// # Panics
    /// Panics if the token is outside the table.
    pub fn row(&self, token: u32) -> Range<usize> {
        let row = token as usize * self.columns..(token as usize + 1) * self.columns;
        assert!(row.end <= self.weights.len(), "token {token} is outside the table");
        row
    }

    /// Returns the probabilities of the next token after `token`.
    ///
    /// # Panics
    /// Panics if the token is outside the table.
    pub fn probabilities(&self, token: u32) -> Vec<f64> {
        let (row, mut out) = (&self.weights[self.row(token)], vec![0.0; self.columns]);
        // The row has as many entries as the output.
        let _ = log_softmax(row, 1.0, &mut out);
        out.into_iter().map(|p: f32| libm::exp(p.into())).collect()
    }

    /// Takes a step of plain gradient descent and clears the gradient.
    pub fn descend(&mut self, rate: f32) {
        for (weight, slope) in self.weights.iter_mut().zip(&mut self.gradient) {
            *weight -= rate * core::mem::take(slope);
        }
    }

    /// Refuses tokens outside the table.
    fn check(&self, sequences: Ragged<'_>) -> Result<(), Error> {
        let rows = self.weights.len() / self.columns;
        match sequences.tokens().iter().find(|token| **token as usize >= rows) {
            Some(token) => {
                let (value, high) = (f64::from(*token), rows as f64 - 1.0);
                Err(Error::Range { name: "token", value, low: 0.0, high })
            }
            None => Ok(()),
        }
    }

    /// Returns the masked positions, each with the row that predicts it.
    fn predicted(&self, batch: Batch<'_>) -> Result<Vec<(usize, Range<usize>)>, Error> {
        self.check(batch.sequences())?;
        let tokens = batch.sequences().tokens();
        let loss_mask = (1..tokens.len()).filter(|&t| batch.loss_mask()[t]);
        Ok(loss_mask.map(|t| (t, self.row(tokens[t - 1]))).collect())
    }
}

/// Refuses slopes that an objective has not written.
fn written(slopes: &[f32]) -> Result<(), Error> {
    match slopes.iter().position(|slope| !slope.is_finite()) {
        Some(index) => Err(Error::NotFinite { name: "slope", index }),
        None => Ok(()),
    }
}

impl Reference for Table {
    type Error = Error;

    async fn log_probs(&mut self, batch: Batch<'_>, out: &mut [f32]) -> Result<(), Error> {
        self.scored += batch.sequences().len();
        out.fill(0.0);
        for (t, row) in self.predicted(batch)? {
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
        sampling: &SamplingParams,
        stopping: &StopCriteria<'_>,
        key: Key,
        first: u32,
    ) -> Result<Responses, Error> {
        self.check(prompts)?;
        let mut out = Responses::default();
        for (i, (prompt, _)) in prompts.sequences().enumerate() {
            let (mut text, mut finish) = (prompt.to_vec(), None);
            while finish.is_none() {
                let position = text.len() - prompt.len();
                let logits = &self.weights[self.row(text[text.len() - 1])];
                let mut left = logits.to_vec();
                let token = match sampling {
                    SamplingParams::Greedy => greedy(logits)?,
                    SamplingParams::Draw(filters) => {
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
            out.finish.push(finish.unwrap_or(FinishReason::Length));
        }
        Ok(out)
    }
}

impl Critic for Table {
    type Error = Error;

    async fn values(&mut self, sequences: Ragged<'_>, out: &mut [f32]) -> Result<(), Error> {
        self.check(sequences)?;
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
        self.accumulated.push(tokens.len());
        if needs.values {
            let (mut values, mut grad) = (vec![0.0; tokens.len()], vec![f32::NAN; tokens.len()]);
            self.values(batch.sequences(), &mut values).await?;
            loss += objective.values(&values, &mut grad)?;
            written(&grad)?;
            for (&token, grad) in tokens.iter().zip(grad) {
                let place = self.row(token).start;
                self.gradient[place] += grad;
            }
        }
        if !needs.log_probs {
            return Ok(loss);
        }
        // All at once: an objective may couple the tokens of a batch.
        let predicted = self.predicted(batch)?;
        let temperature = batch.temperature().into();
        let outputs = predicted
            .iter()
            .map(|(t, row)| log_prob(&self.weights[row.clone()], tokens[*t] as usize, temperature));
        let outputs = outputs.collect::<Result<Vec<_>, _>>()?;
        let positions: Vec<usize> = predicted.iter().map(|(t, _)| *t).collect();
        let (log_probs, mut entropies): (Vec<f32>, Vec<f32>) = outputs.into_iter().unzip();
        entropies.truncate(if needs.entropy { positions.len() } else { 0 });
        let (mut slopes, mut bends) = (vec![f32::NAN; positions.len()], vec![f32::NAN; entropies.len()]);
        loss += objective.tokens(&positions, &log_probs, &entropies, &mut slopes, &mut bends)?;
        written(&slopes)?;
        written(&bends)?;
        bends.resize(positions.len(), 0.0);
        for ((t, row), (slope, bend)) in predicted.into_iter().zip(slopes.into_iter().zip(bends)) {
            let (logits, pulled) = (&self.weights[row.clone()], &mut self.gradient[row]);
            log_prob_pull(logits, tokens[t] as usize, temperature, slope, bend, pulled)?;
        }
        Ok(loss)
    }

    async fn zero_grad(&mut self) -> Result<(), Error> {
        self.gradient.fill(0.0);
        Ok(())
    }

    async fn step(&mut self, update: &Update) -> Result<f64, Error> {
        self.adamw.step(&mut self.weights, &mut self.gradient, update)
    }
}

impl Averaged for Table {
    async fn average(&mut self, decay: f64) -> Result<(), Error> {
        self.average.update(&self.weights, decay)
    }

    async fn swap_average(&mut self) -> Result<(), Error> {
        self.average.swap(&mut self.weights)
    }
}

impl Rows for Table {
    fn row_len(&self) -> usize {
        self.columns
    }

    async fn rows(&mut self, batch: Batch<'_>, visit: &mut dyn FnMut(usize, &[f32])) -> Result<(), Error> {
        self.predicted(batch)?.into_iter().for_each(|(t, row)| visit(t, &self.weights[row]));
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
        for (t, row) in self.predicted(batch)? {
            let mut grad = vec![f32::NAN; self.columns];
            loss += objective.row(t, &self.weights[row.clone()], &mut grad)?;
            written(&grad)?;
            self.gradient[row].iter_mut().zip(grad).for_each(|(sum, grad)| *sum += grad);
        }
        Ok(loss)
    }
}

impl Candidates for Table {}

impl LearnCandidates for Table {
    async fn accumulate_candidates<O: CandidateObjective>(
        &mut self,
        batch: Batch<'_>,
        k: usize,
        ids: &[u32],
        objective: &mut O,
    ) -> Result<f64, Error> {
        let predicted = self.predicted(batch)?;
        let positions: Vec<usize> = predicted.iter().map(|(t, _)| *t).collect();
        let (mut log_probs, mut grad) = (vec![0.0; ids.len()], vec![f32::NAN; ids.len()]);
        self.candidates(batch, k, ids, &mut log_probs).await?;
        let loss = objective.candidates(&positions, &log_probs, &mut grad)?;
        written(&grad)?;
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
