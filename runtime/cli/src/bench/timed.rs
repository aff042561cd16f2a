//! Networks that measure the time of their calls.

use super::times::{Phases, add};
use core::cell::RefCell;
use rlhf_core::optim::Update;
use rlhf_core::random::Key;
use rlhf_core::roles::{Averaged, Critic, Learner, Policy, Reference, Reward};
use rlhf_core::sampling::{Responses, SamplingParams, StopCriteria};
use rlhf_core::{Batch, Objective, Ragged};
use std::time::Instant;

/// Seconds of the phases so far.
#[derive(Default)]
pub(super) struct Phased(RefCell<Phases>);

impl Phased {
    async fn of<T>(&self, name: &'static str, future: impl Future<Output = T>) -> T {
        let start = Instant::now();
        let out = future.await;
        add(&mut self.0.borrow_mut(), [(name, start.elapsed().as_secs_f64())]);
        out
    }

    /// Returns the phases, and the rest of `whole` as one more.
    pub fn take(&self, whole: f64) -> Phases {
        let mut all = core::mem::take(&mut *self.0.borrow_mut());
        let rest = whole - all.iter().map(|(_, seconds)| seconds).sum::<f64>();
        all.push(("other", rest));
        all
    }
}

/// A network, and what its reading and its learning are called.
pub(super) struct Timed<'a, M> {
    network: &'a mut M,
    reading: &'static str,
    learning: &'static str,
    phases: &'a Phased,
}

impl<'a, M> Timed<'a, M> {
    pub fn new(network: &'a mut M, [reading, learning]: [&'static str; 2], phases: &'a Phased) -> Self {
        Self { network, reading, learning, phases }
    }
}

impl<M: Reference> Reference for Timed<'_, M> {
    type Error = M::Error;

    async fn log_probs(&mut self, batch: Batch<'_>, out: &mut [f32]) -> Result<(), M::Error> {
        self.phases.of(self.reading, self.network.log_probs(batch, out)).await
    }
}

impl<M: Policy> Policy for Timed<'_, M> {
    async fn sample(
        &mut self,
        prompts: Ragged<'_>,
        sampling: &SamplingParams,
        stopping: &StopCriteria<'_>,
        key: Key,
        first: u32,
    ) -> Result<Responses, M::Error> {
        self.phases.of("generate", self.network.sample(prompts, sampling, stopping, key, first)).await
    }
}

impl<M: Reward> Reward for Timed<'_, M> {
    type Error = M::Error;

    async fn score(&mut self, sequences: Ragged<'_>, out: &mut [f32]) -> Result<(), M::Error> {
        self.phases.of(self.reading, self.network.score(sequences, out)).await
    }
}

impl<M: Critic> Critic for Timed<'_, M> {
    type Error = M::Error;

    async fn values(&mut self, sequences: Ragged<'_>, out: &mut [f32]) -> Result<(), M::Error> {
        self.phases.of(self.reading, self.network.values(sequences, out)).await
    }
}

impl<M: Learner> Learner for Timed<'_, M> {
    type Error = M::Error;

    async fn accumulate<O: Objective>(
        &mut self,
        batch: Batch<'_>,
        objective: &mut O,
    ) -> Result<f64, M::Error> {
        self.phases.of(self.learning, self.network.accumulate(batch, objective)).await
    }

    async fn zero_grad(&mut self) -> Result<(), M::Error> {
        self.network.zero_grad().await
    }

    async fn step(&mut self, update: &Update) -> Result<f64, M::Error> {
        self.phases.of("optimizer", self.network.step(update)).await
    }
}

impl<M: Averaged> Averaged for Timed<'_, M> {
    async fn average(&mut self, decay: f64) -> Result<(), M::Error> {
        self.network.average(decay).await
    }

    async fn swap_average(&mut self) -> Result<(), M::Error> {
        self.network.swap_average().await
    }
}
