//! The inputs of an objective, and the gradients that it returns.

use crate::engine::head::HeadGradients;
use crate::engine::padded::{Padded, matrix};
use crate::engine::positions::{last_tokens, loss_tokens};
use crate::engine::read::{fetch, floats, numbers};
use crate::tensor::{IndexingUpdateOp, Tensor, Transaction};
use crate::{EngineError, Model};
use rlhf_core::{Batch, Objective};

/// The loss of an objective and its gradients.
pub(crate) struct ObjectiveGradients {
    pub(crate) loss: f64,
    /// The gradient of the body's output, `[rows, width]`.
    pub(crate) hidden: Tensor<2>,
    /// Gradients of the heads' tensors, by their places among the weights.
    pub(crate) heads: Vec<(usize, Tensor<2>)>,
}

impl ObjectiveGradients {
    /// Starts with no gradient, for a pass whose output is `hidden`.
    pub(crate) fn empty(hidden: &Tensor<2>) -> Self {
        Self { loss: 0.0, hidden: hidden.zeros_like(), heads: Vec::new() }
    }
}

impl Model {
    /// Shows loss tokens to an objective, if it reads them, and values or scores, if it reads those.
    pub(crate) async fn show<O: Objective>(
        &self,
        batch: Batch<'_>,
        objective: &mut O,
        hidden: Tensor<2>,
        padded: &Padded,
    ) -> Result<ObjectiveGradients, EngineError> {
        let needs = objective.needs();
        let mut objective_gradients = ObjectiveGradients::empty(&hidden);
        if needs.log_probs || needs.entropy {
            self.show_tokens(batch, objective, &hidden, padded, &mut objective_gradients).await?;
        }
        if needs.values || needs.scores {
            self.show_values(batch, objective, &hidden, padded, &mut objective_gradients).await?;
        }
        Ok(objective_gradients)
    }

    async fn show_tokens<O: Objective>(
        &self,
        batch: Batch<'_>,
        objective: &mut O,
        hidden: &Tensor<2>,
        padded: &Padded,
        objective_gradients: &mut ObjectiveGradients,
    ) -> Result<(), EngineError> {
        let (positions, ids) = loss_tokens(batch);
        if positions.is_empty() {
            // It is shown an empty batch, so that it can say what it has to.
            objective_gradients.loss += objective.tokens(&[], &[], &[], &mut [], &mut [])?;
            return Ok(());
        }
        let mut head = self.head(hidden.clone(), batch, &positions, padded);
        let entropy = objective.needs().entropy;
        let (log_probs, entropies) = head.scalars(&ids, 1, entropy);
        let mut requested = Transaction::default().register(log_probs);
        if let Some(entropies) = entropies {
            requested = requested.register(entropies);
        }
        let mut data = fetch(requested).await?.into_iter();
        let log_probs: Vec<f32> = numbers(&mut data)?;
        let entropies: Vec<f32> = if entropy { numbers(&mut data)? } else { Vec::new() };
        // NaN, so that a gradient that is not written is seen.
        let mut g = vec![f32::NAN; log_probs.len()];
        let mut h = vec![f32::NAN; entropies.len()];
        objective_gradients.loss += objective.tokens(&positions, &log_probs, &entropies, &mut g, &mut h)?;
        self.add_head(objective_gradients, head.pull_scalars(&ids, 1, &g, &h));
        Ok(())
    }

    /// Adds what was pulled back through the vocabulary head.
    pub(crate) fn add_head(&self, objective_gradients: &mut ObjectiveGradients, pulled: HeadGradients) {
        let (rows, d) = (pulled.rows, pulled.hidden);
        objective_gradients.hidden =
            objective_gradients.hidden.clone().select_assign(0, rows, d, IndexingUpdateOp::Add);
        objective_gradients.heads.push((self.layout.head, pulled.weight));
    }

    async fn show_values<O: Objective>(
        &self,
        batch: Batch<'_>,
        objective: &mut O,
        hidden: &Tensor<2>,
        padded: &Padded,
        objective_gradients: &mut ObjectiveGradients,
    ) -> Result<(), EngineError> {
        let (needs, sequences) = (objective.needs(), batch.sequences());
        let pair = self.layout.scalar.ok_or(EngineError::NoScalarHead)?;
        let values = self.scalar(hidden)?;
        let values = floats(values).await?;
        let values: Vec<f32> = padded.rows.iter().map(|&row| values[row]).collect();
        let mut g = vec![0.0; values.len()];
        if needs.values {
            g.fill(f32::NAN);
            objective_gradients.loss += objective.values(&values, &mut g)?;
        }
        if needs.scores {
            let last = last_tokens(sequences);
            let scores: Vec<f32> = last.iter().map(|&t| values[t]).collect();
            let mut of_scores = vec![f32::NAN; scores.len()];
            objective_gradients.loss += objective.scores(&scores, &mut of_scores)?;
            for (t, d) in last.into_iter().zip(of_scores) {
                g[t] += d;
            }
        }
        let mut of_rows = vec![0.0; padded.batch * padded.time];
        for (&row, g) in padded.rows.iter().zip(g) {
            of_rows[row] = g;
        }
        let g = matrix(&self.device, of_rows, 1);
        objective_gradients.hidden =
            objective_gradients.hidden.clone() + g.clone().matmul(self.weights[pair.first].clone());
        objective_gradients.heads.push((pair.first, g.clone().transpose().matmul(hidden.clone())));
        if let Some(bias) = pair.bias {
            objective_gradients.heads.push((bias, g.sum_dim(0)));
        }
        Ok(())
    }
}
