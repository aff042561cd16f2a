//! A policy that counts its steps and may refuse one.

use rlhf_core::optim::Update;
use rlhf_core::random::Key;
use rlhf_core::roles::{Averaged, Learner, Policy, Reference};
use rlhf_core::sampling::{Responses, SamplingParams, StopCriteria};
use rlhf_core::{Batch, Objective, Ragged};
use rlhf_cpu::{EngineError, Model};

pub struct Spy {
    pub model: Model,
    pub steps: usize,
    /// The step that finds a gradient which is not finite, from 1.
    pub refuses: usize,
    /// The response whose log-probabilities are NaN where the policy says what it wrote.
    pub mute: Option<usize>,
}

impl Spy {
    pub fn new(model: Model) -> Self {
        Self { model, steps: 0, refuses: usize::MAX, mute: None }
    }
}

impl Reference for Spy {
    type Error = EngineError;
    async fn log_probs(&mut self, batch: Batch<'_>, out: &mut [f32]) -> Result<(), EngineError> {
        self.model.log_probs(batch, out).await
    }
}

impl Policy for Spy {
    async fn sample(
        &mut self,
        prompts: Ragged<'_>,
        sampling: &SamplingParams,
        stopping: &StopCriteria<'_>,
        key: Key,
        first: u32,
    ) -> Result<Responses, EngineError> {
        let mut out = self.model.sample(prompts, sampling, stopping, key, first).await?;
        if let Some(i) = self.mute {
            let span = out.span(i);
            out.log_probs[span].fill(f32::NAN);
        }
        Ok(out)
    }
}

impl Learner for Spy {
    type Error = EngineError;
    async fn accumulate<O: Objective>(&mut self, batch: Batch<'_>, o: &mut O) -> Result<f64, EngineError> {
        self.model.accumulate(batch, o).await
    }
    async fn zero_grad(&mut self) -> Result<(), EngineError> {
        self.model.zero_grad().await
    }
    async fn step(&mut self, update: &Update) -> Result<f64, EngineError> {
        if self.steps + 1 == self.refuses {
            return Err(EngineError::Gradient { norm: f64::INFINITY, step: self.refuses as u32 });
        }
        self.steps += 1;
        self.model.step(update).await
    }
}

impl Averaged for Spy {
    async fn average(&mut self, decay: f64) -> Result<(), EngineError> {
        self.model.average(decay).await
    }
    async fn swap_average(&mut self) -> Result<(), EngineError> {
        self.model.swap_average().await
    }
}
