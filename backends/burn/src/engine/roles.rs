//! The roles that read: policy, reference, reward model, critic. None of them keeps a graph.

use crate::engine::check;
use crate::engine::generate::Request;
use crate::engine::guard::catch_panic_async;
use crate::engine::padded::indices;
use crate::engine::positions::{last_tokens, loss_tokens};
use crate::engine::read::floats;
use crate::{EngineError, Model};
use rlhf_core::random::Key;
use rlhf_core::roles::{Critic, Policy, Reference, Reward};
use rlhf_core::sampling::{Responses, SamplingParams, StopCriteria};
use rlhf_core::{Batch, Error, Ragged};

impl Reference for Model {
    type Error = EngineError;

    async fn log_probs(&mut self, batch: Batch<'_>, out: &mut [f32]) -> Result<(), EngineError> {
        check::texts(&self.architecture, batch.sequences())?;
        out.fill(0.0);
        let (positions, ids) = loss_tokens(batch);
        if positions.is_empty() {
            return Ok(());
        }
        catch_panic_async(async {
            let padded = self.padded(batch.sequences())?;
            let mut head = self.head(self.forward(&padded), batch, &positions, &padded);
            let (log_probs, _) = head.scalars(&ids, 1, false);
            for (&t, log_prob) in positions.iter().zip(floats(log_probs).await?) {
                out[t] = log_prob;
            }
            Ok(())
        })
        .await
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
        check::prompts(&self.architecture, prompts)?;
        sampling.validate()?;
        if stopping.max_new_tokens == 0 {
            return Err(Error::TooFew { name: "max_new_tokens", need: 1, got: 0 }.into());
        }
        if prompts.is_empty() {
            return Ok(Responses::default());
        }
        catch_panic_async(async {
            let network = self.network().cast();
            Request { network, model: self, prompts, sampling, stopping, key, first }.run().await
        })
        .await
    }
}

impl Model {
    /// The scalar head at the tokens `at`, of all that the sequences hold.
    async fn read_scalars(&self, sequences: Ragged<'_>, at: &[usize]) -> Result<Vec<f32>, EngineError> {
        check::texts(&self.architecture, sequences)?;
        if at.is_empty() {
            return Ok(Vec::new());
        }
        catch_panic_async(async {
            let padded = self.padded(sequences)?;
            let rows = indices(&self.device, at.iter().map(|&t| padded.rows[t]));
            let values = self.scalar(&self.forward(&padded).select(0, rows))?;
            floats(values).await
        })
        .await
    }
}

impl Reward for Model {
    type Error = EngineError;

    async fn score(&mut self, sequences: Ragged<'_>, out: &mut [f32]) -> Result<(), EngineError> {
        out.copy_from_slice(&self.read_scalars(sequences, &last_tokens(sequences)).await?);
        Ok(())
    }
}

impl Critic for Model {
    type Error = EngineError;

    async fn values(&mut self, sequences: Ragged<'_>, out: &mut [f32]) -> Result<(), EngineError> {
        let all: Vec<usize> = (0..sequences.tokens().len()).collect();
        out.copy_from_slice(&self.read_scalars(sequences, &all).await?);
        Ok(())
    }
}
