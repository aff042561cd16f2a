//! A network that counts what it is asked for.

use rlhf_core::optim::Update;
use rlhf_core::model::Architecture;
use rlhf_core::network::{EngineError, Network, OptimizerState};
use rlhf_core::random::Key;
use rlhf_core::roles::{Averaged, Critic, Learner, Policy, Reference, Reward};
use rlhf_core::sampling::{Responses, SamplingParams, StopCriteria};
use rlhf_core::{Batch, Objective, Ragged};
use rlhf_cpu::Model;
use std::borrow::Cow;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The number of calls to any network.
pub static CALLS: AtomicUsize = AtomicUsize::new(0);

/// A network of `rlhf-cpu` that counts its calls. It gives no rows, candidates or parameters, which most methods
/// do not need.
#[derive(Clone)]
pub struct Counted(pub Model);

impl Counted {
    fn called(&mut self) -> &mut Model {
        CALLS.fetch_add(1, Ordering::Relaxed);
        &mut self.0
    }
}

impl Reference for Counted {
    type Error = EngineError;

    async fn log_probs(&mut self, batch: Batch<'_>, out: &mut [f32]) -> Result<(), EngineError> {
        self.called().log_probs(batch, out).await
    }
}

impl Policy for Counted {
    async fn sample(
        &mut self,
        prompts: Ragged<'_>,
        sampling: &SamplingParams,
        stopping: &StopCriteria<'_>,
        key: Key,
        first: u32,
    ) -> Result<Responses, EngineError> {
        self.called().sample(prompts, sampling, stopping, key, first).await
    }
}

impl Reward for Counted {
    type Error = EngineError;

    async fn score(&mut self, sequences: Ragged<'_>, out: &mut [f32]) -> Result<(), EngineError> {
        self.called().score(sequences, out).await
    }
}

impl Critic for Counted {
    type Error = EngineError;

    async fn values(&mut self, sequences: Ragged<'_>, out: &mut [f32]) -> Result<(), EngineError> {
        self.called().values(sequences, out).await
    }
}

impl Learner for Counted {
    type Error = EngineError;

    async fn accumulate<O: Objective>(
        &mut self,
        batch: Batch<'_>,
        objective: &mut O,
    ) -> Result<f64, EngineError> {
        self.called().accumulate(batch, objective).await
    }

    async fn zero_grad(&mut self) -> Result<(), EngineError> {
        self.called().zero_grad().await
    }

    async fn step(&mut self, update: &Update) -> Result<f64, EngineError> {
        self.called().step(update).await
    }
}

impl Averaged for Counted {
    async fn average(&mut self, decay: f64) -> Result<(), EngineError> {
        self.called().average(decay).await
    }

    async fn swap_average(&mut self) -> Result<(), EngineError> {
        self.called().swap_average().await
    }
}

impl Network for Counted {
    fn architecture(&self) -> &Architecture {
        self.0.architecture()
    }

    async fn weights(&self) -> Result<Cow<'_, [f32]>, EngineError> {
        Network::weights(&self.0).await
    }

    async fn optimizer_state(&self) -> Result<Option<OptimizerState<'_>>, EngineError> {
        Network::optimizer_state(&self.0).await
    }

    fn set_optimizer_state(&mut self, state: OptimizerState<'_>) -> Result<(), EngineError> {
        self.0.set_optimizer_state(state)
    }

    fn seed_dropout(&mut self, seed: u64) {
        self.0.seed_dropout(seed);
    }
}
