//! All roles, passed on to the engine of the network.

use super::{EngineError, Model};
use rlhf_core::optim::Update;
use rlhf_core::random::Key;
use rlhf_core::roles::{Averaged, Critic, Learner, Policy, Reference, Reward};
use rlhf_core::sampling::{Responses, SamplingParams, StopCriteria};
use rlhf_core::{Batch, Objective, Ragged};

impl Reference for Model {
    type Error = EngineError;

    async fn log_probs(&mut self, batch: Batch<'_>, out: &mut [f32]) -> Result<(), EngineError> {
        self.network.log_probs(batch, out).await
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
        self.network.sample(prompts, sampling, stopping, key, first).await
    }
}

impl Reward for Model {
    type Error = EngineError;

    async fn score(&mut self, sequences: Ragged<'_>, out: &mut [f32]) -> Result<(), EngineError> {
        self.network.score(sequences, out).await
    }
}

impl Critic for Model {
    type Error = EngineError;

    async fn values(&mut self, sequences: Ragged<'_>, out: &mut [f32]) -> Result<(), EngineError> {
        self.network.values(sequences, out).await
    }
}

impl Learner for Model {
    type Error = EngineError;

    async fn accumulate<O: Objective>(
        &mut self,
        batch: Batch<'_>,
        objective: &mut O,
    ) -> Result<f64, EngineError> {
        self.network.accumulate(batch, objective).await
    }

    async fn zero_grad(&mut self) -> Result<(), EngineError> {
        self.network.zero_grad().await
    }

    async fn step(&mut self, update: &Update) -> Result<f64, EngineError> {
        self.network.step(update).await
    }
}

impl Averaged for Model {
    async fn average(&mut self, decay: f64) -> Result<(), EngineError> {
        self.network.average(decay).await
    }

    async fn swap_average(&mut self) -> Result<(), EngineError> {
        self.network.swap_average().await
    }
}
