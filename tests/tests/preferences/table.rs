//! A policy that is a table: the logits of the next token, by the last one.

use rlhf_core::capabilities::Rows;
use rlhf_core::maths::{AdamW, Update, log_prob, log_prob_pull};
use rlhf_core::random::Key;
use rlhf_core::roles::{Learner, Policy, Reference};
use rlhf_core::sampling::{Request, Responses, Sampling, Stopping, sample_by};
use rlhf_core::{Batch, Error, Objective, Ragged};

#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// `[tokens, tokens]`.
    pub weights: Vec<f32>,
    tokens: usize,
    gradient: Vec<f32>,
    adamw: AdamW<f32>,
    /// How many tokens each pass has learnt from.
    pub passes: Vec<usize>,
    /// How many texts it was asked about.
    pub asked: usize,
}

impl Table {
    pub fn new(weights: Vec<f32>) -> Self {
        let (tokens, gradient) = (weights.len().isqrt(), vec![0.0; weights.len()]);
        let adamw = AdamW::new(weights.len());
        Self { weights, tokens, gradient, adamw, passes: Vec::new(), asked: 0 }
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

impl Rows for Table {
    fn row_len(&self) -> usize {
        self.tokens
    }

    async fn rows(&mut self, batch: Batch<'_>, visit: &mut dyn FnMut(usize, &[f32])) -> Result<(), Error> {
        let tokens = batch.sequences().tokens();
        let owed = (0..tokens.len()).filter(|&t| batch.owed()[t]);
        owed.for_each(|t| visit(t, self.row(tokens[t - 1])));
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
        let request = Request { prompts, sampling, stopping, context: usize::MAX, key, first };
        sample_by(self, &mut (), &request).await
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
        self.adamw.step(&mut self.weights, &mut self.gradient, update)
    }
}
