//! An objective that records the outputs of the network.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;
use rlhf_core::roles::Learner;
use rlhf_core::{CandidateObjective, Coupling, Error, Needs, Objective, RowObjective};

use super::Fault;
use crate::TrainError;

/// The outputs of the network on a batch: log-probabilities or values, `[tokens]`, or scores, `[sequences]`. Of an
/// objective that reads both, the scores.
pub(crate) struct OutputRecord {
    pub(crate) outputs: Vec<f32>,
    /// The places where a loss was not finite although the outputs are.
    lost: Vec<usize>,
}

impl OutputRecord {
    /// The record of a batch with `len` tokens, or sequences.
    pub(crate) fn new(len: usize) -> Self {
        Self { outputs: vec![0.0; len], lost: Vec::new() }
    }

    /// Watches over an objective of the part of the batch that lies there.
    pub(crate) fn over<'a, O>(
        &'a mut self,
        objective: &'a mut O,
        part: Range<usize>,
    ) -> RecordingObjective<'a, O> {
        RecordingObjective {
            objective,
            outputs: &mut self.outputs[part.clone()],
            lost: &mut self.lost,
            start: part.start,
        }
    }

    /// Returns whether the loss of `item` was not finite, for an objective that counts in items
    /// ([`RecordingObjective::counting_from`]).
    pub(super) fn lost(&self, item: usize) -> bool {
        self.lost.contains(&item)
    }

    /// Returns whether a loss or an output in `span` is not finite.
    pub(super) fn wrong(&self, span: Range<usize>) -> bool {
        self.lost.iter().any(|at| span.contains(at)) || !super::all_finite(&self.outputs[span])
    }
}

/// An objective whose inputs are recorded. Outputs that are not finite do not reach it and have no gradient, so that
/// the whole batch is recorded before the guards check it.
pub(crate) struct RecordingObjective<'a, O> {
    objective: &'a mut O,
    outputs: &'a mut [f32],
    lost: &'a mut Vec<usize>,
    start: usize,
}

impl<O> RecordingObjective<'_, O> {
    /// For an objective whose errors count pairs or responses, not tokens: the number of its first one in
    /// the batch.
    pub(crate) fn counting_from(mut self, first: usize) -> Self {
        self.start = first;
        self
    }

    /// Remembers values or scores, and says whether all are finite.
    fn read(&mut self, numbers: &[f32]) -> bool {
        for (outputs, &number) in self.outputs.iter_mut().zip(numbers) {
            *outputs = number;
        }
        super::all_finite(numbers)
    }

    /// Takes note of a loss that is not finite.
    fn note(&mut self, loss: Result<f64, Error>, grad: &mut [f32]) -> Result<f64, Error> {
        match loss {
            Err(Error::NotFinite { index, .. }) => {
                self.lost.push(self.start + index);
                grad.fill(0.0);
                Ok(0.0)
            }
            loss => loss,
        }
    }

    /// Records a loss at those tokens that is not finite; their outputs are not kept.
    fn lose(
        &mut self,
        positions: &[usize],
        loss: Result<f64, Error>,
        grad: &mut [f32],
    ) -> Result<f64, Error> {
        if !matches!(loss, Err(Error::NotFinite { .. })) {
            return loss;
        }
        for &position in positions {
            if let Some(outputs) = self.outputs.get_mut(position) {
                *outputs = f32::NAN;
            }
        }
        grad.fill(0.0);
        Ok(0.0)
    }
}

impl<O: Objective> Objective for RecordingObjective<'_, O> {
    fn needs(&self) -> Needs {
        self.objective.needs()
    }

    fn coupling(&self) -> Coupling {
        self.objective.coupling()
    }

    fn tokens(
        &mut self,
        positions: &[usize],
        log_probs: &[f32],
        entropy: &[f32],
        grad_log_probs: &mut [f32],
        grad_entropy: &mut [f32],
    ) -> Result<f64, Error> {
        grad_entropy.fill(0.0);
        if self.needs().scores {
            // There is no place for each token: what is not finite is put down to the first text.
            if !super::all_finite(log_probs) {
                self.lost.push(self.start);
                grad_log_probs.fill(0.0);
                return Ok(0.0);
            }
            return self.objective.tokens(positions, log_probs, entropy, grad_log_probs, grad_entropy);
        }
        for (&position, &log_prob) in positions.iter().zip(log_probs) {
            if let Some(outputs) = self.outputs.get_mut(position) {
                *outputs = log_prob;
            }
        }
        if !super::all_finite(log_probs) {
            grad_log_probs.fill(0.0);
            return Ok(0.0);
        }
        let loss = self.objective.tokens(positions, log_probs, entropy, grad_log_probs, grad_entropy);
        self.note(loss, grad_log_probs)
    }

    fn values(&mut self, values: &[f32], grad_values: &mut [f32]) -> Result<f64, Error> {
        if !self.read(values) {
            grad_values.fill(0.0);
            return Ok(0.0);
        }
        let loss = self.objective.values(values, grad_values);
        self.note(loss, grad_values)
    }

    fn scores(&mut self, scores: &[f32], grad_scores: &mut [f32]) -> Result<f64, Error> {
        if !self.read(scores) {
            grad_scores.fill(0.0);
            return Ok(0.0);
        }
        self.objective.scores(scores, grad_scores)
    }
}

/// Records of rows only that a loss is not finite, as a NaN at its token.
impl<O: RowObjective> RowObjective for RecordingObjective<'_, O> {
    fn row(&mut self, position: usize, logits: &[f32], grad_logits: &mut [f32]) -> Result<f64, Error> {
        let loss = self.objective.row(position, logits, grad_logits);
        self.lose(&[position], loss, grad_logits)
    }
}

/// As of rows; where a tile's loss is not finite, all its tokens are told.
impl<O: CandidateObjective> CandidateObjective for RecordingObjective<'_, O> {
    fn candidates(
        &mut self,
        positions: &[usize],
        log_probs: &[f32],
        grad_log_probs: &mut [f32],
    ) -> Result<f64, Error> {
        let loss = self.objective.candidates(positions, log_probs, grad_log_probs);
        self.lose(positions, loss, grad_log_probs)
    }
}

/// Returns the verdict of a guard on an accumulated gradient, which the learner drops at a fault.
pub(crate) async fn zero_grad_on_fault<L: Learner>(
    learner: &mut L,
    verdict: Result<(), Box<Fault>>,
) -> Result<(), TrainError> {
    if verdict.is_err() {
        // The fault comes first: a device that fails here says so again at its next call.
        let _ = learner.zero_grad().await;
    }
    Ok(verdict?)
}
