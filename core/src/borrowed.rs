//! A borrowed network plays the roles of the network itself.

use crate::capabilities::{Candidates, LearnCandidates, LearnRows, Parameters, Rows};
use crate::optim::Update;
#[cfg(feature = "alloc")]
use crate::random::Key;
#[cfg(feature = "alloc")]
use crate::roles::Policy;
use crate::roles::{Averaged, Critic, Learner, Reference};
#[cfg(feature = "alloc")]
use crate::sampling::{Responses, SamplingParams, StopCriteria};
use crate::{Batch, CandidateObjective, Objective, Ragged, RowObjective};

impl<T: Reference + ?Sized> Reference for &mut T {
    type Error = T::Error;

    async fn log_probs(&mut self, batch: Batch<'_>, out: &mut [f32]) -> Result<(), T::Error> {
        (**self).log_probs(batch, out).await
    }
}

#[cfg(feature = "alloc")]
impl<T: Policy + ?Sized> Policy for &mut T {
    async fn sample(
        &mut self,
        prompts: Ragged<'_>,
        sampling: &SamplingParams,
        stopping: &StopCriteria<'_>,
        key: Key,
        first: u32,
    ) -> Result<Responses, T::Error> {
        (**self).sample(prompts, sampling, stopping, key, first).await
    }
}

impl<T: Critic + ?Sized> Critic for &mut T {
    type Error = T::Error;

    async fn values(&mut self, sequences: Ragged<'_>, out: &mut [f32]) -> Result<(), T::Error> {
        (**self).values(sequences, out).await
    }
}

impl<T: Learner + ?Sized> Learner for &mut T {
    type Error = T::Error;

    async fn accumulate<O: Objective>(
        &mut self,
        batch: Batch<'_>,
        objective: &mut O,
    ) -> Result<f64, T::Error> {
        (**self).accumulate(batch, objective).await
    }

    async fn zero_grad(&mut self) -> Result<(), T::Error> {
        (**self).zero_grad().await
    }

    async fn step(&mut self, update: &Update) -> Result<f64, T::Error> {
        (**self).step(update).await
    }
}

impl<T: Averaged + ?Sized> Averaged for &mut T {
    async fn average(&mut self, decay: f64) -> Result<(), T::Error> {
        (**self).average(decay).await
    }

    async fn swap_average(&mut self) -> Result<(), T::Error> {
        (**self).swap_average().await
    }
}

impl<T: Rows + ?Sized> Rows for &mut T {
    fn row_len(&self) -> usize {
        (**self).row_len()
    }

    async fn rows(&mut self, batch: Batch<'_>, visit: &mut dyn FnMut(usize, &[f32])) -> Result<(), T::Error> {
        (**self).rows(batch, visit).await
    }
}

impl<T: LearnRows + ?Sized> LearnRows for &mut T {
    async fn accumulate_rows<O: RowObjective>(
        &mut self,
        batch: Batch<'_>,
        objective: &mut O,
    ) -> Result<f64, T::Error> {
        (**self).accumulate_rows(batch, objective).await
    }
}

impl<T: Candidates + ?Sized> Candidates for &mut T {
    async fn top(
        &mut self,
        batch: Batch<'_>,
        k: usize,
        ids: &mut [u32],
        log_probs: &mut [f32],
    ) -> Result<(), T::Error> {
        (**self).top(batch, k, ids, log_probs).await
    }

    async fn candidates(
        &mut self,
        batch: Batch<'_>,
        k: usize,
        ids: &[u32],
        log_probs: &mut [f32],
    ) -> Result<(), T::Error> {
        (**self).candidates(batch, k, ids, log_probs).await
    }
}

impl<T: LearnCandidates + ?Sized> LearnCandidates for &mut T {
    async fn accumulate_candidates<O: CandidateObjective>(
        &mut self,
        batch: Batch<'_>,
        k: usize,
        ids: &[u32],
        objective: &mut O,
    ) -> Result<f64, T::Error> {
        (**self).accumulate_candidates(batch, k, ids, objective).await
    }
}

impl<T: Parameters + ?Sized> Parameters for &mut T {
    fn parameters(&self) -> usize {
        (**self).parameters()
    }

    async fn read(&mut self, out: &mut [f32]) -> Result<(), T::Error> {
        (**self).read(out).await
    }

    async fn write(&mut self, values: &[f32]) -> Result<(), T::Error> {
        (**self).write(values).await
    }

    async fn take_gradient(&mut self, out: &mut [f32]) -> Result<(), T::Error> {
        (**self).take_gradient(out).await
    }
}
