//! The roles that read: policy, reference, reward model, critic.

use crate::generate::{PackedWeights, Request};
use crate::head::HeadInputs;
use crate::output_positions::OutputPositions;
use crate::{EngineError, Model};
use alloc::sync::Arc;
use alloc::vec::Vec;
use rlhf_core::random::Key;
use rlhf_core::roles::{Critic, Policy, Reference, Reward};
use rlhf_core::sampling::{Responses, SamplingParams, StopCriteria};
use rlhf_core::{Batch, Error, Ragged};

impl Model {
    /// Runs `read` on the head's rows of a forward pass.
    pub(crate) fn with_head<T>(
        &mut self,
        batch: Batch<'_>,
        read: impl FnOnce(&Self, &HeadInputs<'_>) -> T,
    ) -> Result<T, EngineError> {
        let sequences = batch.sequences();
        self.check(sequences)?;
        self.trace.forward(
            &self.cpu,
            &self.weights,
            sequences,
            OutputPositions::before_loss_tokens(batch),
            false,
            None,
        );
        let tokens = sequences.tokens();
        let positions: Vec<usize> = (0..tokens.len()).filter(|&t| batch.loss_mask()[t]).collect();
        let loss_mask = HeadInputs {
            positions: &positions,
            tokens,
            temperature: batch.temperature(),
            out: &self.trace.out,
        };
        Ok(read(self, &loss_mask))
    }
}

impl Reference for Model {
    type Error = EngineError;

    async fn log_probs(&mut self, batch: Batch<'_>, out: &mut [f32]) -> Result<(), EngineError> {
        self.with_head(batch, |model, loss_mask| {
            out.fill(0.0);
            for (&t, row) in loss_mask.positions.iter().zip(loss_mask.rows(&model.cpu, &model.weights)) {
                out[t] = row.log_prob;
            }
        })
    }
}

impl Policy for Model {
    async fn sample(
        &mut self,
        prompts: Ragged<'_>,
        sampling: &SamplingParams,
        stopping: &StopCriteria<'_>,
        key: Key,
        first: u32,
    ) -> Result<Responses, EngineError> {
        self.check(prompts)?;
        let context = self.weights.architecture.context;
        for (sequence, (prompt, _)) in prompts.sequences().enumerate() {
            if prompt.len() == context {
                return Err(EngineError::Context { sequence, length: context + 1, context });
            }
        }
        sampling.validate()?;
        if stopping.max_new_tokens == 0 {
            return Err(Error::TooFew { name: "max_new_tokens", need: 1, got: 0 }.into());
        }
        let packed = match self.packed.take() {
            Some(packed) => packed,
            None => Arc::new(PackedWeights::new(&self.cpu, &self.weights)),
        };
        self.packed = Some(packed.clone());
        let request =
            Request { weights: &self.weights, packed: &packed, prompts, sampling, stopping, key, first };
        Ok(request.run(&self.cpu)?)
    }
}

impl Reward for Model {
    type Error = EngineError;

    async fn score(&mut self, sequences: Ragged<'_>, out: &mut [f32]) -> Result<(), EngineError> {
        self.check(sequences)?;
        self.trace.forward(
            &self.cpu,
            &self.weights,
            sequences,
            OutputPositions::last(sequences),
            false,
            None,
        );
        let values = self.read_values()?;
        for (out, end) in out.iter_mut().zip(sequences.ends()) {
            *out = values[end - 1];
        }
        Ok(())
    }
}

impl Critic for Model {
    type Error = EngineError;

    async fn values(&mut self, sequences: Ragged<'_>, out: &mut [f32]) -> Result<(), EngineError> {
        self.check(sequences)?;
        self.trace.forward(&self.cpu, &self.weights, sequences, OutputPositions::all(sequences), false, None);
        out.copy_from_slice(&self.read_values()?);
        Ok(())
    }
}
