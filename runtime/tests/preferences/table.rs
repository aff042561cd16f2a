//! A policy that is a table: the logits of the next token, by the last one.

use rlhf_core::maths::{Update, adamw, clip_factor, global_norm, log_prob, log_prob_pull};
use rlhf_core::random::Key;
use rlhf_core::roles::{Learner, Policy, Reference};
use rlhf_core::sampling::{Finish, Responses, Sampling, Stopping, draw, filters};
use rlhf_core::{Batch, Error, Objective, Ragged};

#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// `[tokens, tokens]`.
    pub weights: Vec<f32>,
    tokens: usize,
    gradient: Vec<f32>,
    first: Vec<f32>,
    second: Vec<f32>,
    steps: u64,
    /// How many tokens each pass has learnt from.
    pub passes: Vec<usize>,
    /// How many texts it was asked about.
    pub asked: usize,
}

impl Table {
    pub fn new(weights: Vec<f32>) -> Self {
        let zeros = vec![0.0; weights.len()];
        let tokens = weights.len().isqrt();
        let (gradient, first, second) = (zeros.clone(), zeros.clone(), zeros);
        Self { weights, tokens, gradient, first, second, steps: 0, passes: Vec::new(), asked: 0 }
    }

    pub fn row(&self, token: u32) -> &[f32] {
        &self.weights[token as usize * self.tokens..][..self.tokens]
    }

    /// The probabilities of what follows `token`.
    pub fn probabilities(&self, token: u32) -> Vec<f64> {
        (0..self.tokens)
            .map(|next| f64::from(log_prob(self.row(token), next, 1.0).unwrap().0).exp())
            .collect()
    }
}

impl Reference for Table {
    type Error = Error;

    async fn log_probs(&mut self, batch: Batch<'_>, out: &mut [f32]) -> Result<(), Error> {
        let tokens = batch.sequences().tokens();
        self.asked += batch.sequences().len();
        out.fill(0.0);
        for t in (0..tokens.len()).filter(|&t| batch.owed()[t]) {
            let row = self.row(tokens[t - 1]);
            out[t] = log_prob(row, tokens[t] as usize, batch.temperature().into())?.0;
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
                let row = self.row(last).to_vec();
                let mut scaled = row.clone();
                filters::temperature(&mut scaled, temperature)?;
                last = draw(&scaled, key.uniform(first + i as u32, position))?;
                out.tokens.push(last);
                out.log_probs.push(log_prob(&row, last as usize, temperature)?.0);
                position += 1;
                finish = stopping.finish(last, position as usize);
            }
            out.ends.push(out.tokens.len());
            out.finish.push(finish.unwrap_or(Finish::Length));
        }
        Ok(out)
    }
}

impl Learner for Table {
    type Error = Error;

    async fn accumulate<O: Objective>(&mut self, batch: Batch<'_>, objective: &mut O) -> Result<f64, Error> {
        let tokens = batch.sequences().tokens();
        self.passes.push(tokens.len());
        let mut all = vec![0.0; tokens.len()];
        self.log_probs(batch, &mut all).await?;
        let positions: Vec<usize> = (0..tokens.len()).filter(|&t| batch.owed()[t]).collect();
        let owed: Vec<f32> = positions.iter().map(|&t| all[t]).collect();
        let mut slopes = vec![f32::NAN; owed.len()];
        let loss = objective.tokens(&positions, &owed, &[], &mut slopes, &mut [])?;
        for (&t, slope) in positions.iter().zip(slopes) {
            let start = tokens[t - 1] as usize * self.tokens;
            let row = start..start + self.tokens;
            let (logits, pulled) = (&self.weights[row.clone()], &mut self.gradient[row]);
            log_prob_pull(logits, tokens[t] as usize, batch.temperature().into(), slope, 0.0, pulled)?;
        }
        Ok(loss)
    }

    async fn forget(&mut self) -> Result<(), Error> {
        self.gradient.fill(0.0);
        Ok(())
    }

    async fn step(&mut self, update: &Update) -> Result<f64, Error> {
        let norm = global_norm([&self.gradient[..]]);
        let scale = clip_factor(norm, update.max_grad_norm)?;
        self.steps += 1;
        let (first, second) = (&mut self.first, &mut self.second);
        adamw(&mut self.weights, &self.gradient, first, second, self.steps, update, scale)?;
        self.gradient.fill(0.0);
        Ok(norm)
    }
}
