//! All optional capabilities, passed on to the engine of the network.

use super::{Capability, EngineError, Model};
use rlhf_core::capabilities::{Candidates, LearnCandidates, LearnRows, Parameters, Rows};
use rlhf_core::network::{DynCandidates, DynParameters, DynRows};
use rlhf_core::{Batch, CandidateObjective, RowObjective};

impl Model {
    /// Refuses a network that lacks the capability.
    ///
    /// # Errors
    /// [`EngineError::Unsupported`].
    pub fn require(&mut self, capability: Capability) -> Result<(), EngineError> {
        match capability {
            Capability::Rows => self.with_rows().map(|_| ()),
            Capability::Candidates => self.with_candidates().map(|_| ()),
            Capability::Parameters => self.with_parameters().map(|_| ()),
        }
    }

    fn with_rows(&mut self) -> Result<&mut dyn DynRows, EngineError> {
        self.network.as_rows().ok_or(EngineError::Unsupported { capability: Capability::Rows })
    }

    fn with_candidates(&mut self) -> Result<&mut dyn DynCandidates, EngineError> {
        self.network.as_candidates().ok_or(EngineError::Unsupported { capability: Capability::Candidates })
    }

    fn with_parameters(&mut self) -> Result<&mut dyn DynParameters, EngineError> {
        self.network.as_parameters().ok_or(EngineError::Unsupported { capability: Capability::Parameters })
    }
}

impl Rows for Model {
    fn row_len(&self) -> usize {
        self.architecture().vocabulary
    }

    async fn rows(
        &mut self,
        batch: Batch<'_>,
        visit: &mut dyn FnMut(usize, &[f32]),
    ) -> Result<(), EngineError> {
        self.with_rows()?.rows(batch, visit).await
    }
}

impl LearnRows for Model {
    async fn accumulate_rows<O: RowObjective>(
        &mut self,
        batch: Batch<'_>,
        objective: &mut O,
    ) -> Result<f64, EngineError> {
        self.with_rows()?.accumulate_rows(batch, objective).await
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
        self.with_candidates()?.top(batch, k, ids, log_probs).await
    }

    async fn candidates(
        &mut self,
        batch: Batch<'_>,
        k: usize,
        ids: &[u32],
        log_probs: &mut [f32],
    ) -> Result<(), EngineError> {
        self.with_candidates()?.candidates(batch, k, ids, log_probs).await
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
        self.with_candidates()?.accumulate_candidates(batch, k, ids, objective).await
    }
}

impl Parameters for Model {
    fn parameters(&self) -> usize {
        self.architecture().parameters()
    }

    async fn read(&mut self, out: &mut [f32]) -> Result<(), EngineError> {
        self.with_parameters()?.read(out).await
    }

    async fn write(&mut self, values: &[f32]) -> Result<(), EngineError> {
        self.with_parameters()?.write(values).await
    }

    async fn take_gradient(&mut self, out: &mut [f32]) -> Result<(), EngineError> {
        self.with_parameters()?.take_gradient(out).await
    }
}
