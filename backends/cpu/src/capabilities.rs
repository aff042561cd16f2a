//! The capabilities beyond the roles: all of [`rlhf_core::capabilities`].

use crate::learning::combine_tied;
use crate::output_positions::OutputPositions;
use crate::{EngineError, Model};
use alloc::sync::Arc;
use alloc::vec::Vec;
use rlhf_core::capabilities::{Candidates, LearnCandidates, LearnRows, Parameters, Rows};
use rlhf_core::{Batch, CandidateObjective, Error, RowObjective};

impl Model {
    /// Checks that `ids` are `k` for each loss token, all in the vocabulary.
    fn check_ids(&self, batch: Batch<'_>, k: usize, ids: usize) -> Result<(), EngineError> {
        let vocabulary = self.weights.architecture.vocabulary;
        if k == 0 || k > vocabulary {
            let (value, high) = (k as f64, vocabulary as f64);
            return Err(Error::Range { name: "k", value, low: 1.0, high }.into());
        }
        let loss_mask = batch.loss_mask().iter().filter(|counts| **counts).count();
        same("ids", ids, loss_mask * k)
    }

    fn check_candidates(&self, batch: Batch<'_>, k: usize, ids: &[u32]) -> Result<(), EngineError> {
        self.check_ids(batch, k, ids.len())?;
        let vocabulary = self.weights.architecture.vocabulary;
        match ids.iter().position(|&id| id as usize >= vocabulary) {
            Some(position) => Err(EngineError::Token { position, token: ids[position], vocabulary }),
            None => Ok(()),
        }
    }
}

fn same(name: &'static str, got: usize, want: usize) -> Result<(), EngineError> {
    if got == want { Ok(()) } else { Err(Error::Shape { name, want, got }.into()) }
}

impl Rows for Model {
    fn row_len(&self) -> usize {
        self.weights.architecture.vocabulary
    }

    async fn rows(
        &mut self,
        batch: Batch<'_>,
        visit: &mut dyn FnMut(usize, &[f32]),
    ) -> Result<(), EngineError> {
        self.with_head(batch, |model, loss_mask| loss_mask.visit(&model.cpu, &model.weights, visit))
    }
}

impl LearnRows for Model {
    async fn accumulate_rows<O: RowObjective>(
        &mut self,
        batch: Batch<'_>,
        objective: &mut O,
    ) -> Result<f64, EngineError> {
        self.accumulating(|model, learning| {
            model.pass(batch, OutputPositions::before_loss_tokens(batch), learning, |model, learning| {
                model.pass_head(batch, learning, |loss_mask, cpu, weights, d_out, d_head| {
                    loss_mask.learn_rows(cpu, weights, objective, d_out, d_head)
                })
            })
        })
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
        self.check_ids(batch, k, ids.len())?;
        same("log_probs", log_probs.len(), ids.len())?;
        self.with_head(batch, |model, loss_mask| {
            let mut order: Vec<u32> = (0..model.weights.architecture.vocabulary as u32).collect();
            let mut rows = ids.chunks_exact_mut(k);
            loss_mask.visit(&model.cpu, &model.weights, &mut |_, logits| {
                let falling =
                    |a: &u32, b: &u32| logits[*b as usize].total_cmp(&logits[*a as usize]).then(a.cmp(b));
                if k < order.len() {
                    order.select_nth_unstable_by(k - 1, falling);
                }
                order[..k].sort_unstable_by(falling);
                if let Some(ids) = rows.next() {
                    ids.copy_from_slice(&order[..k]);
                }
            });
            loss_mask.candidates(&model.cpu, &model.weights, k, ids, log_probs);
        })
    }

    async fn candidates(
        &mut self,
        batch: Batch<'_>,
        k: usize,
        ids: &[u32],
        log_probs: &mut [f32],
    ) -> Result<(), EngineError> {
        self.check_candidates(batch, k, ids)?;
        same("log_probs", log_probs.len(), ids.len())?;
        self.with_head(batch, |model, loss_mask| {
            loss_mask.candidates(&model.cpu, &model.weights, k, ids, log_probs)
        })
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
        self.accumulating(|model, learning| {
            model.check_candidates(batch, k, ids)?;
            model.pass(batch, OutputPositions::before_loss_tokens(batch), learning, |model, learning| {
                model.pass_head(batch, learning, |loss_mask, cpu, weights, d_out, d_head| {
                    loss_mask.learn_candidates(cpu, weights, k, ids, objective, d_out, d_head)
                })
            })
        })
    }
}

impl Parameters for Model {
    fn parameters(&self) -> usize {
        self.weights.layout.len
    }

    async fn read(&mut self, out: &mut [f32]) -> Result<(), EngineError> {
        same("out", out.len(), self.weights.data.len())?;
        out.copy_from_slice(&self.weights.data);
        Ok(())
    }

    async fn write(&mut self, values: &[f32]) -> Result<(), EngineError> {
        same("values", values.len(), self.weights.data.len())?;
        self.packed = None;
        Arc::make_mut(&mut self.weights).data.copy_from_slice(values);
        Ok(())
    }

    async fn take_gradient(&mut self, out: &mut [f32]) -> Result<(), EngineError> {
        same("out", out.len(), self.weights.layout.len)?;
        out.fill(0.0);
        if let Some(learning) = &mut self.learning {
            combine_tied(&self.weights, &mut learning.gradient);
            out.copy_from_slice(&learning.gradient[..out.len()]);
            learning.gradient.fill(0.0);
        }
        Ok(())
    }
}
