//! Dyn-compatible forms of the capabilities.

use super::future::boxed;
use super::{BoxedFuture, EngineError};
use crate::capabilities::{Candidates, LearnCandidates, LearnRows, Parameters, Rows};
use crate::roles::{Learner, Reference};
use crate::{Batch, CandidateObjective, RowObjective};

/// The dyn-compatible form of [`Rows`] and [`LearnRows`].
pub trait DynRows {
    /// Boxed form of [`Rows::row_len`].
    fn row_len(&self) -> usize;
    /// Boxed form of [`Rows::rows`].
    fn rows<'a>(
        &'a mut self,
        batch: Batch<'a>,
        visit: &'a mut dyn FnMut(usize, &[f32]),
    ) -> BoxedFuture<'a, ()>;
    /// Boxed form of [`LearnRows::accumulate_rows`].
    fn accumulate_rows<'a>(
        &'a mut self,
        batch: Batch<'a>,
        objective: &'a mut dyn RowObjective,
    ) -> BoxedFuture<'a, f64>;
}

impl<N> DynRows for N
where
    N: Rows + LearnRows + Reference<Error: Into<EngineError>> + Learner<Error: Into<EngineError>>,
{
    fn row_len(&self) -> usize {
        Rows::row_len(self)
    }

    fn rows<'a>(
        &'a mut self,
        batch: Batch<'a>,
        visit: &'a mut dyn FnMut(usize, &[f32]),
    ) -> BoxedFuture<'a, ()> {
        boxed(Rows::rows(self, batch, visit))
    }

    fn accumulate_rows<'a>(
        &'a mut self,
        batch: Batch<'a>,
        mut objective: &'a mut dyn RowObjective,
    ) -> BoxedFuture<'a, f64> {
        boxed(async move { LearnRows::accumulate_rows(self, batch, &mut objective).await })
    }
}

/// The dyn-compatible form of [`Candidates`] and [`LearnCandidates`].
pub trait DynCandidates {
    /// Boxed form of [`Candidates::top`].
    fn top<'a>(
        &'a mut self,
        batch: Batch<'a>,
        k: usize,
        ids: &'a mut [u32],
        log_probs: &'a mut [f32],
    ) -> BoxedFuture<'a, ()>;
    /// Boxed form of [`Candidates::candidates`].
    fn candidates<'a>(
        &'a mut self,
        batch: Batch<'a>,
        k: usize,
        ids: &'a [u32],
        log_probs: &'a mut [f32],
    ) -> BoxedFuture<'a, ()>;
    /// Boxed form of [`LearnCandidates::accumulate_candidates`].
    fn accumulate_candidates<'a>(
        &'a mut self,
        batch: Batch<'a>,
        k: usize,
        ids: &'a [u32],
        objective: &'a mut dyn CandidateObjective,
    ) -> BoxedFuture<'a, f64>;
}

impl<N> DynCandidates for N
where
    N: Candidates + LearnCandidates + Reference<Error: Into<EngineError>> + Learner<Error: Into<EngineError>>,
{
    fn top<'a>(
        &'a mut self,
        batch: Batch<'a>,
        k: usize,
        ids: &'a mut [u32],
        log_probs: &'a mut [f32],
    ) -> BoxedFuture<'a, ()> {
        boxed(Candidates::top(self, batch, k, ids, log_probs))
    }

    fn candidates<'a>(
        &'a mut self,
        batch: Batch<'a>,
        k: usize,
        ids: &'a [u32],
        log_probs: &'a mut [f32],
    ) -> BoxedFuture<'a, ()> {
        boxed(Candidates::candidates(self, batch, k, ids, log_probs))
    }

    fn accumulate_candidates<'a>(
        &'a mut self,
        batch: Batch<'a>,
        k: usize,
        ids: &'a [u32],
        mut objective: &'a mut dyn CandidateObjective,
    ) -> BoxedFuture<'a, f64> {
        boxed(
            async move { LearnCandidates::accumulate_candidates(self, batch, k, ids, &mut objective).await },
        )
    }
}

/// The dyn-compatible form of [`Parameters`].
pub trait DynParameters {
    /// Boxed form of [`Parameters::parameters`].
    fn parameters(&self) -> usize;
    /// Boxed form of [`Parameters::read`].
    fn read<'a>(&'a mut self, out: &'a mut [f32]) -> BoxedFuture<'a, ()>;
    /// Boxed form of [`Parameters::write`].
    fn write<'a>(&'a mut self, values: &'a [f32]) -> BoxedFuture<'a, ()>;
    /// Boxed form of [`Parameters::take_gradient`].
    fn take_gradient<'a>(&'a mut self, out: &'a mut [f32]) -> BoxedFuture<'a, ()>;
}

impl<N: Parameters + Learner<Error: Into<EngineError>>> DynParameters for N {
    fn parameters(&self) -> usize {
        Parameters::parameters(self)
    }

    fn read<'a>(&'a mut self, out: &'a mut [f32]) -> BoxedFuture<'a, ()> {
        boxed(Parameters::read(self, out))
    }

    fn write<'a>(&'a mut self, values: &'a [f32]) -> BoxedFuture<'a, ()> {
        boxed(Parameters::write(self, values))
    }

    fn take_gradient<'a>(&'a mut self, out: &'a mut [f32]) -> BoxedFuture<'a, ()> {
        boxed(Parameters::take_gradient(self, out))
    }
}
