//! A policy that is guided by action values.

use alloc::vec;
use alloc::vec::Vec;
use rlhf_core::capabilities::Rows;
use rlhf_core::log_probs::log_prob;
use rlhf_core::random::Key;
use rlhf_core::roles::{Policy, Reference};
use rlhf_core::sampling::{
    Advantage, Request, Responses, SamplingParams, StopCriteria, sample_by, value_guided,
};
use rlhf_core::{Batch, Error, HeldRows, Ragged};

/// The policy of ILQL ([`Advantage`]): an earlier policy, guided by the action values that [`super::Ilql`] learns.
#[derive(Debug)]
pub struct ValueGuidedPolicy<'a, P, Q> {
    /// The policy that is guided.
    pub policy: &'a mut P,
    /// The action values of each next token; the smallest of them counts.
    pub heads: &'a mut [Q],
    /// The weight of the values, in nats per unit of reward.
    pub beta: f64,
    /// The number of the policy's likeliest tokens that may be sampled; 0: all.
    pub top_k: usize,
    /// The length of the longest text, prompt included, that all networks can read, in tokens.
    pub context: usize,
}

impl<P, Q> Reference for ValueGuidedPolicy<'_, P, Q>
where
    P: Rows,
    Q: Rows<Error = P::Error>,
{
    type Error = P::Error;

    /// A token outside the likeliest has −∞. Rows are held for a sequence at a time.
    async fn log_probs(&mut self, batch: Batch<'_>, out: &mut [f32]) -> Result<(), P::Error> {
        out.fill(0.0);
        for (text, span) in batch.sequences().sequences() {
            let whole = [text.len()];
            let alone = Batch::new(Ragged::new(text, &whole)?, &batch.loss_mask()[span.clone()])?;
            let mut values: Vec<HeldRows> = Vec::with_capacity(self.heads.len());
            for head in self.heads.iter_mut() {
                values.push(HeldRows::of(head, alone).await?);
            }
            for (position, row) in HeldRows::of(self.policy, alone).await?.iter() {
                let token = text[position] as usize;
                out[span.start + position] = self.log_prob(row, &values, position, token, batch)?;
            }
        }
        Ok(())
    }
}

impl<P, Q> ValueGuidedPolicy<'_, P, Q> {
    /// The log-probability of `token` at a position, given the rows of the policy and the value heads there.
    fn log_prob(
        &self,
        row: &[f32],
        values: &[HeldRows],
        position: usize,
        token: usize,
        batch: Batch<'_>,
    ) -> Result<f32, Error> {
        let (mut row, mut smallest) = (row.to_vec(), vec![f32::INFINITY; row.len()]);
        for held in values {
            let pairs = smallest.iter_mut().zip(held.row(position)?);
            pairs.for_each(|(least, &q)| *least = least.min(q));
        }
        value_guided(&mut row, &smallest, self.beta, self.top_k, &mut vec![0; smallest.len()])?;
        Ok(log_prob(&row, token, batch.temperature().into())?.0)
    }
}

impl<P, Q> Policy for ValueGuidedPolicy<'_, P, Q>
where
    P: Rows,
    Q: Rows<Error = P::Error>,
{
    /// As [`sample_by`].
    async fn sample(
        &mut self,
        prompts: Ragged<'_>,
        sampling: &SamplingParams,
        stopping: &StopCriteria<'_>,
        key: Key,
        first: u32,
    ) -> Result<Responses, P::Error> {
        let request = Request { prompts, sampling, stopping, context: self.context, key, first };
        let mut guide = Advantage::new(&mut *self.heads, self.beta, self.top_k)?;
        sample_by(self.policy, &mut guide, &request).await
    }
}
