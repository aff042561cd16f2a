//! The result of step 3.

use super::{ActionValues, EngineError, Model};
use rlhf_core::random::Key;
use rlhf_core::roles::{Policy, Reference};
use rlhf_core::sampling::{Responses, SamplingParams, StopCriteria};
use rlhf_core::{Batch, Ragged};
use rlhf_models::weights_sha256;
use rlhf_train::ValueGuidedPolicy;

/// A policy: a network, and the action values that lead it, where a method left some.
#[derive(Clone, Debug)]
pub struct Aligned {
    /// The network that writes.
    pub model: Model,
    /// ILQL's action values that guide it, if there are any.
    pub values: Option<ActionValues>,
}

impl Aligned {
    /// Returns the SHA-256 of all its weights: the policy's, then each head's.
    ///
    /// # Errors
    /// The device's own.
    pub fn weights_sha256(&self) -> Result<String, EngineError> {
        let heads = self.values.iter().flat_map(|values| &values.heads);
        let all: Result<Vec<_>, _> = [&self.model].into_iter().chain(heads).map(Model::weights).collect();
        Ok(weights_sha256(&all?.concat()))
    }
}

impl From<Model> for Aligned {
    fn from(model: Model) -> Self {
        Self { model, values: None }
    }
}

/// The policy with its leaders as one.
fn guided<'a>(model: &'a mut Model, values: &'a mut ActionValues) -> ValueGuidedPolicy<'a, Model, Model> {
    let (context, top_k) = (model.architecture().context, values.top_k as usize);
    ValueGuidedPolicy { policy: model, heads: &mut values.heads, beta: values.beta, top_k, context }
}

impl Reference for Aligned {
    type Error = EngineError;

    async fn log_probs(&mut self, batch: Batch<'_>, out: &mut [f32]) -> Result<(), EngineError> {
        match &mut self.values {
            None => self.model.log_probs(batch, out).await,
            Some(values) => guided(&mut self.model, values).log_probs(batch, out).await,
        }
    }
}

impl Policy for Aligned {
    async fn sample(
        &mut self,
        prompts: Ragged<'_>,
        sampling: &SamplingParams,
        stopping: &StopCriteria<'_>,
        key: Key,
        first: u32,
    ) -> Result<Responses, EngineError> {
        match &mut self.values {
            None => self.model.sample(prompts, sampling, stopping, key, first).await,
            Some(values) => {
                guided(&mut self.model, values).sample(prompts, sampling, stopping, key, first).await
            }
        }
    }
}
