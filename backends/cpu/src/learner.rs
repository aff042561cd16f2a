//! The roles that learn.

use crate::head::HeadInputs;
use crate::learning::{Learning, combine_tied};
use crate::output_positions::OutputPositions;
use crate::weights::Weights;
use crate::{Cpu, EngineError, Model, optimizer};
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;
use rlhf_core::optim::Update;
use rlhf_core::roles::{Averaged, Learner};
use rlhf_core::{Batch, Dropout, Error, Needs, Objective};
use rlhf_kernels::vector::add_scaled;

impl Model {
    /// Returns the state before anything is learned.
    fn empty_learning(&self) -> Learning {
        let len = self.weights.layout.len;
        Learning {
            gradient: vec![0.0; self.gradient_len()],
            first: vec![0.0; len],
            second: vec![0.0; len],
            average: Vec::new(),
            steps: 0,
        }
    }

    /// Adds the gradient of values to the last norm's and to the scalar head's.
    fn pull_values(&mut self, gradient: &mut [f32], d_values: impl Iterator<Item = (usize, f32)>) {
        let Some(pair) = &self.weights.layout.scalar else { return };
        let weight = self.weights.at(&pair.first);
        let width = weight.len();
        for (row, g) in d_values {
            let span = row * width..(row + 1) * width;
            let (d_out, x) = (&mut self.trace.d_out[span.clone()], &self.trace.out[span]);
            let d_weight = &mut gradient[pair.first.clone()];
            add_scaled(self.cpu.processor(), d_out, g, weight);
            add_scaled(self.cpu.processor(), d_weight, g, x);
            if let Some(bias) = &pair.bias {
                gradient[bias.start] += g;
            }
        }
    }

    /// Calls `accumulate`, which adds to the gradient and returns a loss; on an error the gradient is dropped.
    pub(crate) fn accumulating(
        &mut self,
        accumulate: impl FnOnce(&mut Self, &mut Learning) -> Result<f64, EngineError>,
    ) -> Result<f64, EngineError> {
        let mut learning = self.learning.take().unwrap_or_else(|| self.empty_learning());
        let result = accumulate(self, &mut learning);
        if result.is_err() {
            learning.gradient.fill(0.0);
        }
        self.learning = Some(learning);
        result
    }

    /// Runs a forward pass for the rows at `positions`, calls `outputs` with it, and runs the pass back.
    pub(crate) fn pass(
        &mut self,
        batch: Batch<'_>,
        positions: OutputPositions,
        learning: &mut Learning,
        outputs: impl FnOnce(&mut Self, &mut Learning) -> Result<f64, EngineError>,
    ) -> Result<f64, EngineError> {
        let sequences = batch.sequences();
        self.check(sequences)?;
        let a = &self.weights.architecture;
        let dropout = Dropout::new(a.dropout, a.layers, self.dropout_seed, learning.steps, batch);
        let weights = self.weights.clone();
        self.trace.forward(&self.cpu, &weights, sequences, positions, true, dropout);
        let loss = outputs(self, learning)?;
        self.trace.backward(&self.cpu, &weights, sequences, dropout, &mut learning.gradient);
        Ok(loss)
    }

    /// Shows the head's rows of a pass that was just run to `learn`, with where their gradients go: the
    /// last norm's output and the head.
    pub(crate) fn pass_head(
        &mut self,
        batch: Batch<'_>,
        learning: &mut Learning,
        learn: impl FnOnce(&HeadInputs<'_>, &Cpu, &Weights, &mut [f32], &mut [f32]) -> Result<f64, Error>,
    ) -> Result<f64, EngineError> {
        let tokens = batch.sequences().tokens();
        let positions: Vec<usize> = (0..tokens.len()).filter(|&t| batch.loss_mask()[t]).collect();
        let loss_mask = HeadInputs {
            positions: &positions,
            tokens,
            temperature: batch.temperature(),
            out: &self.trace.out,
        };
        let layout = &self.weights.layout;
        let head = if self.weights.architecture.tied {
            layout.len..layout.len + layout.head.len()
        } else {
            layout.head.clone()
        };
        let d_head = &mut learning.gradient[head];
        Ok(learn(&loss_mask, &self.cpu, &self.weights, &mut self.trace.d_out, d_head)?)
    }

    /// Calls the objective with the scalars of a pass, and returns its loss and gradients.
    fn show<O: Objective>(
        &mut self,
        batch: Batch<'_>,
        objective: &mut O,
        learning: &mut Learning,
    ) -> Result<f64, EngineError> {
        let needs = objective.needs();
        let mut loss = 0.0;
        if needs.log_probs || needs.entropy {
            loss += self.pass_head(batch, learning, |loss_mask, cpu, weights, d_out, d_head| {
                loss_mask.learn(cpu, weights, objective, d_out, d_head)
            })?;
        }
        if needs.values || needs.scores {
            let values = self.read_values()?;
            if needs.values {
                let mut g = vec![f32::NAN; values.len()];
                loss += objective.values(&values, &mut g)?;
                self.pull_values(&mut learning.gradient, g.into_iter().enumerate());
            }
            if needs.scores {
                let last: Vec<usize> = batch.sequences().ends().iter().map(|end| end - 1).collect();
                let scores: Vec<f32> = last.iter().map(|&t| values[t]).collect();
                let mut g = vec![f32::NAN; scores.len()];
                loss += objective.scores(&scores, &mut g)?;
                self.pull_values(&mut learning.gradient, last.into_iter().zip(g));
            }
        }
        Ok(loss)
    }
}

/// The rows that an objective reads.
fn output_positions(batch: Batch<'_>, needs: &Needs) -> OutputPositions {
    let sequences = batch.sequences();
    let mut positions = OutputPositions::none(sequences);
    if needs.log_probs || needs.entropy {
        positions = positions.and(&OutputPositions::before_loss_tokens(batch));
    }
    if needs.scores {
        positions = positions.and(&OutputPositions::last(sequences));
    }
    if needs.values {
        positions = positions.and(&OutputPositions::all(sequences));
    }
    positions
}

impl Learner for Model {
    type Error = EngineError;

    async fn accumulate<O: Objective>(
        &mut self,
        batch: Batch<'_>,
        objective: &mut O,
    ) -> Result<f64, EngineError> {
        let needs = objective.needs();
        if (needs.values || needs.scores) && !self.weights.architecture.scalar {
            return self.accumulating(|_, _| Err(EngineError::NoScalarHead));
        }
        self.accumulating(|model, learning| {
            let outputs = output_positions(batch, &needs);
            model.pass(batch, outputs, learning, |model, learning| model.show(batch, objective, learning))
        })
    }

    async fn zero_grad(&mut self) -> Result<(), EngineError> {
        if let Some(learning) = &mut self.learning {
            learning.gradient.fill(0.0);
        }
        Ok(())
    }

    async fn step(&mut self, update: &Update) -> Result<f64, EngineError> {
        let Some(learning) = &mut self.learning else { return Ok(0.0) };
        let len = self.weights.layout.len;
        combine_tied(&self.weights, &mut learning.gradient);
        let gradient = &mut learning.gradient[..len];
        let norm = optimizer::norm(&self.cpu, gradient);
        if !norm.is_finite() {
            gradient.fill(0.0);
            return Err(EngineError::Gradient { norm, step: learning.steps + 1 });
        }
        update.adam.validate()?;
        let scale = rlhf_core::optim::clip_factor(norm, update.max_grad_norm)?;
        learning.steps += 1;
        self.packed = None;
        let weights = &mut Arc::make_mut(&mut self.weights).data;
        let (m, v) = (&mut learning.first, &mut learning.second);
        optimizer::adamw(&self.cpu, update, learning.steps, scale, weights, gradient, m, v);
        Ok(norm)
    }
}

impl Averaged for Model {
    async fn average(&mut self, decay: f64) -> Result<(), EngineError> {
        if self.learning.is_none() {
            self.learning = Some(self.empty_learning());
        }
        let Some(learning) = &mut self.learning else { return Ok(()) };
        let weights = &self.weights.data;
        if learning.average.is_empty() {
            // Equal weights stay to the bit; only the decay is checked.
            let mut average = weights.clone();
            rlhf_core::optim::average(&mut average, weights, decay)?;
            learning.average = average;
        } else {
            rlhf_core::optim::average(&mut learning.average, weights, decay)?;
        }
        Ok(())
    }

    async fn swap_average(&mut self) -> Result<(), EngineError> {
        let average = self.learning.as_mut().map(|l| &mut l.average).filter(|a| !a.is_empty());
        let average = average.ok_or(EngineError::NoAverage)?;
        core::mem::swap(average, &mut Arc::make_mut(&mut self.weights).data);
        self.packed = None;
        Ok(())
    }
}
