//! The roles that learn.

use crate::engine::guard::{catch_panic, catch_panic_async};
use crate::engine::learning::Learning;
use crate::engine::padded::Padded;
use crate::engine::show::ObjectiveGradients;
use crate::engine::trace::Trace;
use crate::engine::{check, optimizer};
use crate::tensor::Tensor;
use crate::{EngineError, Model};
use rlhf_core::optim::Update;
use rlhf_core::roles::Learner;
use rlhf_core::{Batch, Dropout, Objective};

impl Model {
    /// Returns the state of learning, which is made the first time.
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
        show: impl AsyncFnOnce(&Self, Tensor<2>, &Padded) -> Result<ObjectiveGradients, EngineError>,
    ) -> Result<f64, EngineError> {
        match catch_panic_async(self.pass(batch, show)).await {
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

    /// Takes the accumulated gradient; zeros where nothing was accumulated.
    pub(crate) fn take_gradient_tensors(&mut self) -> Vec<Tensor<2>> {
        let held = self.learning.as_mut().and_then(|learning| learning.gradient.take());
        held.unwrap_or_else(|| self.weights.iter().map(Tensor::zeros_like).collect())
    }

    async fn pass(
        &self,
        batch: Batch<'_>,
        show: impl AsyncFnOnce(&Self, Tensor<2>, &Padded) -> Result<ObjectiveGradients, EngineError>,
    ) -> Result<(f64, Vec<Tensor<2>>), EngineError> {
        check::texts(&self.architecture, batch.sequences())?;
        let padded = self.padded(batch.sequences())?;
        // A layer's graph holds all of its attention's scores.
        check::check_memory(&[padded.batch, self.architecture.heads, padded.time, padded.time])?;
        let trace = Trace::new(self, &padded, self.dropout(batch));
        let objective_gradients = show(self, trace.hidden.clone(), &padded).await?;
        let mut gradients = trace.pull(objective_gradients.hidden)?;
        for (place, d) in objective_gradients.heads {
            gradients[place] = gradients[place].clone() + d;
        }
        Ok((objective_gradients.loss, gradients))
    }
}

impl Model {
    /// Returns the dropout of the next pass over `batch`.
    fn dropout(&self, batch: Batch<'_>) -> Option<Dropout> {
        let a = &self.architecture;
        let steps = self.learning.as_ref().map_or(0, |learning| learning.steps);
        Dropout::new(a.dropout, a.layers, self.dropout_seed, steps, batch)
    }
}

impl Learner for Model {
    type Error = EngineError;

    async fn accumulate<O: Objective>(
        &mut self,
        batch: Batch<'_>,
        objective: &mut O,
    ) -> Result<f64, EngineError> {
        self.accumulating(batch, async |model, hidden, padded| {
            model.show(batch, objective, hidden, padded).await
        })
        .await
    }

    async fn zero_grad(&mut self) -> Result<(), EngineError> {
        self.drop_gradient();
        Ok(())
    }

    async fn step(&mut self, update: &Update) -> Result<f64, EngineError> {
        if self.learning.is_none() {
            return Ok(0.0);
        }
        update.adam.validate()?;
        let gradient = self.take_gradient_tensors();
        let norm = catch_panic_async(optimizer::norm(&gradient)).await?;
        let step = self.learning().steps + 1;
        if !norm.is_finite() {
            return Err(EngineError::Gradient { norm, step });
        }
        let scale = rlhf_core::optim::clip_factor(norm, update.max_grad_norm)?;
        let Self { weights, learning: Some(learning), .. } = self else { return Ok(0.0) };
        learning.steps = step;
        let step = optimizer::Step::new(update, step, scale);
        catch_panic(|| {
            let moments = learning.first.iter_mut().zip(&mut learning.second);
            for ((weight, gradient), (first, second)) in weights.iter_mut().zip(gradient).zip(moments) {
                step.take(weight, gradient, first, second);
            }
            Ok(norm)
        })
    }
}
