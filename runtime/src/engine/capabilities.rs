//! Every capability, by whichever engine a network is of.

use super::{EngineError, Model};
use rlhf_core::capabilities::{Candidates, LearnCandidates, LearnRows, Parameters, Rows};
use rlhf_core::{Batch, CandidateObjective, RowObjective};

impl Rows for Model {
    fn row_len(&self) -> usize {
        self.architecture().vocabulary
    }

    async fn rows(
        &mut self,
        batch: Batch<'_>,
        visit: &mut dyn FnMut(usize, &[f32]),
    ) -> Result<(), EngineError> {
        each!(self, model => model.rows(batch, visit).await)
    }
}

impl LearnRows for Model {
    async fn accumulate_rows<O: RowObjective>(
        &mut self,
        batch: Batch<'_>,
        objective: &mut O,
    ) -> Result<f64, EngineError> {
        each!(self, model => model.accumulate_rows(batch, objective).await)
    }
}

impl Candidates for Model {
    async fn top(
        &mut self,
        batch: Batch<'_>,
        k: usize,
        ids: &mut [u32],
        log_probs: &mut [f32],
    ) -> Result<(), EngineError> {
        each!(self, model => model.top(batch, k, ids, log_probs).await)
    }

    async fn candidates(
        &mut self,
        batch: Batch<'_>,
        k: usize,
        ids: &[u32],
        log_probs: &mut [f32],
    ) -> Result<(), EngineError> {
        each!(self, model => model.candidates(batch, k, ids, log_probs).await)
    }
}

impl LearnCandidates for Model {
    async fn accumulate_candidates<O: CandidateObjective>(
        &mut self,
        batch: Batch<'_>,
        k: usize,
        ids: &[u32],
        objective: &mut O,
    ) -> Result<f64, EngineError> {
        each!(self, model => model.accumulate_candidates(batch, k, ids, objective).await)
    }
}

impl Parameters for Model {
    fn parameters(&self) -> usize {
        self.architecture().parameters()
    }

    async fn read(&mut self, out: &mut [f32]) -> Result<(), EngineError> {
        each!(self, model => model.read(out).await)
    }

    async fn write(&mut self, values: &[f32]) -> Result<(), EngineError> {
        each!(self, model => model.write(values).await)
    }

    async fn take_gradient(&mut self, out: &mut [f32]) -> Result<(), EngineError> {
        each!(self, model => model.take_gradient(out).await)
    }
}
