//! A policy within the top-p support of another one.

use alloc::vec;
use rlhf_core::capabilities::{LearnRows, Rows};
use rlhf_core::log_probs::log_prob;
use rlhf_core::loss::WithinSupport;
use rlhf_core::optim::Update;
use rlhf_core::random::Key;
use rlhf_core::roles::{Averaged, Learner, Policy, Reference};
use rlhf_core::sampling::{
    Request, Responses, SamplingParams, StopCriteria, Support, sample_by, within_support,
};
use rlhf_core::{Batch, Error, HeldRows, Objective, Ragged};

/// A policy within the support of a mask policy: a token outside the mask's top-p has probability 0, in sampling and
/// in learning. Rows of the mask are held for a whole batch, `[loss tokens, vocabulary]` numbers.
#[derive(Debug)]
pub struct TopPMaskedPolicy<'a, P, M> {
    /// The policy, which samples and learns.
    pub policy: &'a mut P,
    /// The mask policy, which gives the support.
    pub mask: &'a mut M,
    /// The probability mass of the support, above 0 and up to 1.
    pub top_p: f64,
    /// The length of the longest text, prompt included, that both can read, in tokens.
    pub context: usize,
}

impl<P, M> Reference for TopPMaskedPolicy<'_, P, M>
where
    P: Rows,
    M: Rows + Reference<Error = P::Error>,
{
    type Error = P::Error;

    /// A token outside the support has −∞.
    async fn log_probs(&mut self, batch: Batch<'_>, out: &mut [f32]) -> Result<(), P::Error> {
        let held = HeldRows::of(self.mask, batch).await?;
        let (tokens, temperature) = (batch.sequences().tokens(), f64::from(batch.temperature()));
        let measure = |position: usize, logits: &[f32]| -> Result<f32, Error> {
            let (mut row, mut other) = (logits.to_vec(), held.row(position)?.to_vec());
            within_support(&mut row, &mut other, temperature, self.top_p, &mut vec![0; logits.len()])?;
            Ok(log_prob(&row, tokens[position] as usize, temperature)?.0)
        };
        let mut fault = None;
        out.fill(0.0);
        let visit = &mut |position, logits: &[f32]| match measure(position, logits) {
            Ok(log_prob) => out[position] = log_prob,
            Err(error) => fault = fault.or(Some(error)),
        };
        self.policy.rows(batch, visit).await?;
        Ok(fault.map_or(Ok(()), Err)?)
    }
}

impl<P, M> Policy for TopPMaskedPolicy<'_, P, M>
where
    P: Rows,
    M: Rows + Reference<Error = P::Error>,
{
    /// As [`sample_by`], whose log-probabilities are those within the support.
    async fn sample(
        &mut self,
        prompts: Ragged<'_>,
        sampling: &SamplingParams,
        stopping: &StopCriteria<'_>,
        key: Key,
        first: u32,
    ) -> Result<Responses, P::Error> {
        let request = Request { prompts, sampling, stopping, context: self.context, key, first };
        let mut support = Support::new(self.mask, self.top_p, sampling.temperature().into())?;
        sample_by(self.policy, &mut support, &request).await
    }
}

impl<P, M> Learner for TopPMaskedPolicy<'_, P, M>
where
    P: LearnRows + Reference<Error = <P as Learner>::Error>,
    M: Rows + Reference<Error = <P as Learner>::Error>,
{
    type Error = <P as Learner>::Error;

    /// For objectives that take each token by itself.
    async fn accumulate<O: Objective>(
        &mut self,
        batch: Batch<'_>,
        objective: &mut O,
    ) -> Result<f64, <P as Learner>::Error> {
        let held = HeldRows::of(self.mask, batch).await?;
        let temperature = batch.temperature().into();
        let mut within =
            WithinSupport::new(objective, batch.sequences().tokens(), &held, self.top_p, temperature)?;
        self.policy.accumulate_rows(batch, &mut within).await
    }

    async fn zero_grad(&mut self) -> Result<(), <P as Learner>::Error> {
        self.policy.zero_grad().await
    }

    async fn step(&mut self, update: &Update) -> Result<f64, <P as Learner>::Error> {
        self.policy.step(update).await
    }
}

impl<P, M> Averaged for TopPMaskedPolicy<'_, P, M>
where
    P: LearnRows + Averaged + Reference<Error = <P as Learner>::Error>,
    M: Rows + Reference<Error = <P as Learner>::Error>,
{
    async fn average(&mut self, decay: f64) -> Result<(), <P as Learner>::Error> {
        self.policy.average(decay).await
    }

    async fn swap_average(&mut self) -> Result<(), <P as Learner>::Error> {
        self.policy.swap_average().await
    }
}
