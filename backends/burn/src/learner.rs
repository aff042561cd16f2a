//! The roles that learn.

use crate::head::Pulled;
use crate::model::owed;
use crate::padded::{Padded, matrix};
use crate::read::{fetch, numbers};
use crate::roles::last_tokens;
use crate::trace::Trace;
use crate::{BurnError, Model, check, optimiser};
use burn_tensor::{IndexingUpdateOp, Tensor, Transaction};
use rlhf_core::maths::Update;
use rlhf_core::roles::Learner;
use rlhf_core::{Batch, Objective};

/// What learning needs beside weights, in the order of the weights.
pub(crate) struct Learning {
    /// Nothing where nothing has been accumulated.
    pub(crate) gradient: Option<Vec<Tensor<2>>>,
    pub(crate) first: Vec<Tensor<2>>,
    pub(crate) second: Vec<Tensor<2>>,
    pub(crate) average: Option<Vec<Tensor<2>>>,
    pub(crate) steps: u32,
}

/// What an objective made of a pass.
pub(crate) struct Shown {
    pub(crate) loss: f64,
    /// The gradient of the body's output, `[rows, width]`.
    pub(crate) hidden: Tensor<2>,
    /// Gradients of the heads' tensors, by their places among the weights.
    pub(crate) heads: Vec<(usize, Tensor<2>)>,
}

impl Shown {
    /// Nothing yet, of a pass whose output is `hidden`.
    pub(crate) fn nothing(hidden: &Tensor<2>) -> Self {
        Self { loss: 0.0, hidden: hidden.zeros_like(), heads: Vec::new() }
    }
}

impl Model {
    /// Nothing learnt yet.
    pub(crate) fn learning(&mut self) -> &mut Learning {
        let weights = &self.weights;
        let zeros = || weights.iter().map(Tensor::zeros_like).collect();
        self.learning.get_or_insert_with(|| Learning {
            gradient: None,
            first: zeros(),
            second: zeros(),
            average: None,
            steps: 0,
        })
    }

    /// A pass whose output `show` shows to an objective, and the pass back. On an error what was
    /// accumulated is dropped.
    pub(crate) async fn accumulating(
        &mut self,
        batch: Batch<'_>,
        show: impl AsyncFnOnce(&Self, Tensor<2>, &Padded) -> Result<Shown, BurnError>,
    ) -> Result<f64, BurnError> {
        match self.pass(batch, show).await {
            Ok((loss, gradients)) => {
                let held = &mut self.learning().gradient;
                *held = Some(match held.take() {
                    Some(held) => held.into_iter().zip(gradients).map(|(a, b)| a + b).collect(),
                    None => gradients,
                });
                Ok(loss)
            }
            Err(error) => {
                self.drop_gradient();
                Err(error)
            }
        }
    }

    fn drop_gradient(&mut self) {
        if let Some(learning) = &mut self.learning {
            learning.gradient = None;
        }
    }

    async fn pass(
        &self,
        batch: Batch<'_>,
        show: impl AsyncFnOnce(&Self, Tensor<2>, &Padded) -> Result<Shown, BurnError>,
    ) -> Result<(f64, Vec<Tensor<2>>), BurnError> {
        check::texts(&self.architecture, batch.sequences())?;
        let rate = self.architecture.dropout;
        if rate > 0.0 {
            return Err(BurnError::Dropout { rate });
        }
        let padded = self.padded(batch.sequences());
        let trace = Trace::new(self, &padded);
        let shown = show(self, trace.hidden.clone(), &padded).await?;
        let mut gradients = trace.pull(shown.hidden)?;
        for (place, d) in shown.heads {
            gradients[place] = gradients[place].clone() + d;
        }
        Ok((shown.loss, gradients))
    }

    /// Shows owed tokens to an objective, if it reads them, and values or scores, if it reads those.
    async fn show<O: Objective>(
        &self,
        batch: Batch<'_>,
        objective: &mut O,
        hidden: Tensor<2>,
        padded: &Padded,
    ) -> Result<Shown, BurnError> {
        let needs = objective.needs();
        let mut shown = Shown::nothing(&hidden);
        if needs.log_probs || needs.entropy {
            self.show_tokens(batch, objective, &hidden, padded, &mut shown).await?;
        }
        if needs.values || needs.scores {
            self.show_values(batch, objective, &hidden, padded, &mut shown).await?;
        }
        Ok(shown)
    }

    async fn show_tokens<O: Objective>(
        &self,
        batch: Batch<'_>,
        objective: &mut O,
        hidden: &Tensor<2>,
        padded: &Padded,
        shown: &mut Shown,
    ) -> Result<(), BurnError> {
        let (positions, ids) = owed(batch);
        if positions.is_empty() {
            // It is shown an empty batch, so that it can say what it has to.
            shown.loss += objective.tokens(&[], &[], &[], &mut [], &mut [])?;
            return Ok(());
        }
        let mut head = self.head(hidden.clone(), batch, &positions, padded);
        let entropy = objective.needs().entropy;
        let (log_probs, entropies) = head.scalars(&ids, 1, entropy);
        let mut asked = Transaction::default().register(log_probs);
        if let Some(entropies) = entropies {
            asked = asked.register(entropies);
        }
        let mut data = fetch(asked).await?.into_iter();
        let log_probs: Vec<f32> = numbers(&mut data)?;
        let entropies: Vec<f32> = if entropy { numbers(&mut data)? } else { Vec::new() };
        // NaN, so that a gradient that is not written is seen.
        let mut g = vec![f32::NAN; log_probs.len()];
        let mut h = vec![f32::NAN; entropies.len()];
        shown.loss += objective.tokens(&positions, &log_probs, &entropies, &mut g, &mut h)?;
        self.add_head(shown, head.pull_scalars(&ids, 1, &g, &h));
        Ok(())
    }

    /// Adds what was pulled back through the vocabulary head.
    pub(crate) fn add_head(&self, shown: &mut Shown, pulled: Pulled) {
        let (rows, d) = (pulled.rows, pulled.hidden);
        shown.hidden = shown.hidden.clone().select_assign(0, rows, d, IndexingUpdateOp::Add);
        shown.heads.push((self.layout.head, pulled.weight));
    }

    async fn show_values<O: Objective>(
        &self,
        batch: Batch<'_>,
        objective: &mut O,
        hidden: &Tensor<2>,
        padded: &Padded,
        shown: &mut Shown,
    ) -> Result<(), BurnError> {
        let (needs, sequences) = (objective.needs(), batch.sequences());
        let pair = self.layout.scalar.ok_or(BurnError::NoScalarHead)?;
        let values = self.scalar(hidden)?;
        let data = fetch(Transaction::default().register(values)).await?;
        let values: Vec<f32> = numbers(&mut data.into_iter())?;
        let values: Vec<f32> = padded.rows.iter().map(|&row| values[row]).collect();
        let mut g = vec![0.0; values.len()];
        if needs.values {
            g.fill(f32::NAN);
            shown.loss += objective.values(&values, &mut g)?;
        }
        if needs.scores {
            let last = last_tokens(sequences);
            let scores: Vec<f32> = last.iter().map(|&t| values[t]).collect();
            let mut of_scores = vec![f32::NAN; scores.len()];
            shown.loss += objective.scores(&scores, &mut of_scores)?;
            for (t, d) in last.into_iter().zip(of_scores) {
                g[t] += d;
            }
        }
        let mut of_rows = vec![0.0; padded.batch * padded.time];
        for (&row, g) in padded.rows.iter().zip(g) {
            of_rows[row] = g;
        }
        let g = matrix(&self.device, of_rows, 1);
        shown.hidden = shown.hidden.clone() + g.clone().matmul(self.weights[pair.first].clone());
        shown.heads.push((pair.first, g.clone().transpose().matmul(hidden.clone())));
        if let Some(bias) = pair.bias {
            shown.heads.push((bias, g.sum_dim(0)));
        }
        Ok(())
    }
}

impl Learner for Model {
    type Error = BurnError;

    async fn accumulate<O: Objective>(
        &mut self,
        batch: Batch<'_>,
        objective: &mut O,
    ) -> Result<f64, BurnError> {
        self.accumulating(batch, async |model, hidden, padded| {
            model.show(batch, objective, hidden, padded).await
        })
        .await
    }

    async fn forget(&mut self) -> Result<(), BurnError> {
        self.drop_gradient();
        Ok(())
    }

    async fn step(&mut self, update: &Update) -> Result<f64, BurnError> {
        if self.learning.is_none() {
            return Ok(0.0);
        }
        let gradient = self.take_gradient_tensors();
        let norm = optimiser::norm(&gradient).await?;
        let step = self.learning().steps + 1;
        if !norm.is_finite() {
            return Err(BurnError::Gradient { norm, step });
        }
        update.adam.validate()?;
        let scale = rlhf_core::maths::clip_factor(norm, update.max_grad_norm)?;
        let Self { weights, learning: Some(learning), .. } = self else { return Ok(0.0) };
        learning.steps = step;
        let step = optimiser::Step::new(update, step, scale);
        let moments = learning.first.iter_mut().zip(&mut learning.second);
        for ((weight, gradient), (first, second)) in weights.iter_mut().zip(gradient).zip(moments) {
            step.take(weight, gradient, first, second);
        }
        Ok(norm)
    }
}

impl Model {
    /// The accumulated gradient, which is forgotten here; zeros where nothing was accumulated.
    pub(crate) fn take_gradient_tensors(&mut self) -> Vec<Tensor<2>> {
        let held = self.learning.as_mut().and_then(|learning| learning.gradient.take());
        held.unwrap_or_else(|| self.weights.iter().map(Tensor::zeros_like).collect())
    }
}
