//! The capabilities beyond the roles: all of [`rlhf_core::capabilities`]. Rows leave the device for [`Rows`] and
//! [`LearnRows`] alone.

use crate::engine::check;
use crate::engine::guard::catch_panic_async;
use crate::engine::padded::matrix;
use crate::engine::positions::loss_tokens;
use crate::engine::read::{fetch, floats, numbers};
use crate::engine::show::ObjectiveGradients;
use crate::tensor::Transaction;
use crate::{EngineError, Model};
use rlhf_core::capabilities::{Candidates, LearnCandidates, LearnRows, Parameters, Rows};
use rlhf_core::{Batch, CandidateObjective, Error, RowObjective};

impl Model {
    /// Checks that `ids` are `k` for each loss token.
    fn check_k(&self, batch: Batch<'_>, k: usize, ids: usize) -> Result<(), EngineError> {
        let vocabulary = self.architecture.vocabulary;
        if k == 0 || k > vocabulary {
            let (value, high) = (k as f64, vocabulary as f64);
            return Err(Error::Range { name: "k", value, low: 1.0, high }.into());
        }
        let positions = batch.loss_mask().iter().filter(|counts| **counts).count();
        check::len("ids", ids, positions * k)
    }
}

impl Rows for Model {
    fn row_len(&self) -> usize {
        self.architecture.vocabulary
    }

    async fn rows(
        &mut self,
        batch: Batch<'_>,
        visit: &mut dyn FnMut(usize, &[f32]),
    ) -> Result<(), EngineError> {
        check::texts(&self.architecture, batch.sequences())?;
        let (positions, _) = loss_tokens(batch);
        if positions.is_empty() {
            return Ok(());
        }
        catch_panic_async(async {
            let padded = self.padded(batch.sequences())?;
            let head = self.head(self.forward(&padded), batch, &positions, &padded);
            for tile in head.tiles() {
                let logits = floats(head.logits(&tile)).await?;
                for (&t, row) in positions[tile].iter().zip(logits.chunks_exact(self.row_len())) {
                    visit(t, row);
                }
            }
            Ok(())
        })
        .await
    }
}

impl LearnRows for Model {
    async fn accumulate_rows<O: RowObjective>(
        &mut self,
        batch: Batch<'_>,
        objective: &mut O,
    ) -> Result<f64, EngineError> {
        self.accumulating(batch, async |model, hidden, padded| {
            let mut objective_gradients = ObjectiveGradients::empty(&hidden);
            let (positions, _) = loss_tokens(batch);
            if positions.is_empty() {
                return Ok(objective_gradients);
            }
            let vocabulary = model.row_len();
            let head = model.head(hidden, batch, &positions, padded);
            let mut tiles = Vec::new();
            for tile in head.tiles() {
                let logits = floats(head.logits(&tile)).await?;
                // NaN, so that a gradient that is not written is seen.
                let mut gradient = vec![f32::NAN; logits.len()];
                let rows = logits.chunks_exact(vocabulary).zip(gradient.chunks_exact_mut(vocabulary));
                for (&t, (logits, gradient)) in positions[tile].iter().zip(rows) {
                    objective_gradients.loss += objective.row(t, logits, gradient)?;
                }
                tiles.push(matrix(&model.device, gradient, vocabulary));
            }
            let mut tiles = tiles.into_iter();
            let pulled = head.pull(|tile| tiles.next().unwrap_or_else(|| head.logits(tile).zeros_like()));
            model.add_head(&mut objective_gradients, pulled);
            Ok(objective_gradients)
        })
        .await
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
        check::texts(&self.architecture, batch.sequences())?;
        self.check_k(batch, k, ids.len())?;
        check::len("log_probs", log_probs.len(), ids.len())?;
        let (positions, _) = loss_tokens(batch);
        if positions.is_empty() {
            return Ok(());
        }
        catch_panic_async(async {
            let padded = self.padded(batch.sequences())?;
            let head = self.head(self.forward(&padded), batch, &positions, &padded);
            for tile in head.tiles() {
                let span = tile.start * k..tile.end * k;
                let (values, places) = head.log_softmax(&tile).topk_with_indices(k, 1);
                let data = fetch(Transaction::default().register(places).register(values)).await?;
                let mut data = data.into_iter();
                let found: Vec<i32> = numbers(&mut data)?;
                for (id, found) in ids[span.clone()].iter_mut().zip(found) {
                    *id = found as u32;
                }
                log_probs[span].copy_from_slice(&numbers::<f32>(&mut data)?);
            }
            Ok(())
        })
        .await
    }

    async fn candidates(
        &mut self,
        batch: Batch<'_>,
        k: usize,
        ids: &[u32],
        log_probs: &mut [f32],
    ) -> Result<(), EngineError> {
        check::texts(&self.architecture, batch.sequences())?;
        self.check_k(batch, k, ids.len())?;
        check::ids(&self.architecture, ids)?;
        check::len("log_probs", log_probs.len(), ids.len())?;
        let (positions, _) = loss_tokens(batch);
        if positions.is_empty() {
            return Ok(());
        }
        catch_panic_async(async {
            let padded = self.padded(batch.sequences())?;
            let mut head = self.head(self.forward(&padded), batch, &positions, &padded);
            let (all, _) = head.scalars(ids, k, false);
            log_probs.copy_from_slice(&floats(all).await?);
            Ok(())
        })
        .await
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
        self.accumulating(batch, async |model, hidden, padded| {
            model.check_k(batch, k, ids.len())?;
            check::ids(&model.architecture, ids)?;
            let mut objective_gradients = ObjectiveGradients::empty(&hidden);
            let (positions, _) = loss_tokens(batch);
            if positions.is_empty() {
                return Ok(objective_gradients);
            }
            let mut head = model.head(hidden, batch, &positions, padded);
            let log_probs = floats(head.scalars(ids, k, false).0).await?;
            let mut g = vec![f32::NAN; log_probs.len()];
            objective_gradients.loss += objective.candidates(&positions, &log_probs, &mut g)?;
            model.add_head(&mut objective_gradients, head.pull_scalars(ids, k, &g, &[]));
            Ok(objective_gradients)
        })
        .await
    }
}

impl Parameters for Model {
    fn parameters(&self) -> usize {
        self.layout.len()
    }

    async fn read(&mut self, out: &mut [f32]) -> Result<(), EngineError> {
        check::len("out", out.len(), self.layout.len())?;
        out.copy_from_slice(&self.weights().await?);
        Ok(())
    }

    async fn write(&mut self, values: &[f32]) -> Result<(), EngineError> {
        check::len("values", values.len(), self.layout.len())?;
        self.weights = self.layout.send(&self.device, values)?;
        Ok(())
    }

    async fn take_gradient(&mut self, out: &mut [f32]) -> Result<(), EngineError> {
        check::len("out", out.len(), self.layout.len())?;
        let gradient = self.take_gradient_tensors();
        out.copy_from_slice(&self.gather(&gradient).await?);
        Ok(())
    }
}
