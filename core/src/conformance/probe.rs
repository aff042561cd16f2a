//! Objectives that record what a learner passes to them.

use super::measure::Fault;
use super::text::Text;
use crate::{Coupling, Error, Needs, Objective};
use alloc::vec;
use alloc::vec::Vec;

/// One of a network's outputs.
pub(super) trait Output {
    const NEEDS: Needs;
    /// Returns how many numbers a text has.
    fn count(text: &Text) -> usize {
        text.tokens.len()
    }
    /// Returns the positions of the numbers that the network has to give.
    fn positions(text: &Text) -> Vec<usize> {
        (0..Self::count(text)).collect()
    }
}

const NOTHING: Needs = Needs { log_probs: false, entropy: false, values: false, scores: false };

/// Log-probabilities of loss tokens.
pub(super) struct LogProbs;
/// Entropies at loss tokens.
pub(super) struct Entropies;
/// Values at every token.
pub(super) struct Values;
/// Scores of sequences.
pub(super) struct Scores;

impl Output for LogProbs {
    const NEEDS: Needs = Needs { log_probs: true, ..NOTHING };
    fn positions(text: &Text) -> Vec<usize> {
        text.positions()
    }
}

impl Output for Entropies {
    const NEEDS: Needs = Needs { log_probs: true, entropy: true, ..NOTHING };
    fn positions(text: &Text) -> Vec<usize> {
        text.positions()
    }
}

impl Output for Values {
    const NEEDS: Needs = Needs { values: true, ..NOTHING };
}

impl Output for Scores {
    const NEEDS: Needs = Needs { scores: true, ..NOTHING };
    fn count(text: &Text) -> usize {
        text.len()
    }
}

/// The form in which an output enters the loss.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Form {
    /// The output times its weight.
    Weighted,
    /// Half the square of the output's distance from its weight.
    Squared,
}

/// `Σ w·x`, or `½·Σ (x − w)²`, of one kind of output. It records its inputs.
pub(super) struct Probe<'a> {
    needs: Needs,
    coupling: Coupling,
    form: Form,
    positions: Vec<usize>,
    weights: &'a [f32],
    /// The numbers that were passed; NaN at the places of missing ones.
    pub(super) outputs: Vec<f32>,
    places: Vec<usize>,
    calls: usize,
    loss: f64,
    fault: Option<&'static str>,
}

impl<'a> Probe<'a> {
    /// `weights` has a number for each output of the text.
    pub(super) fn new<O: Output>(text: &Text, weights: &'a [f32], form: Form, coupling: Coupling) -> Self {
        Self {
            needs: O::NEEDS,
            coupling,
            form,
            positions: O::positions(text),
            weights,
            outputs: vec![f32::NAN; O::count(text)],
            places: Vec::new(),
            calls: 0,
            loss: 0.0,
            fault: None,
        }
    }

    fn expect(&mut self, holds: bool, what: &'static str) {
        if !holds {
            self.fault = self.fault.or(Some(what));
        }
    }

    /// Records the number at a place, and computes its part of the loss and its gradient.
    fn one(&mut self, place: usize, x: f32, grad: &mut f32) {
        let weight = self.weights.get(place).copied().unwrap_or(f32::NAN);
        let (part, slope) = match self.form {
            Form::Weighted => (f64::from(weight) * f64::from(x), weight),
            Form::Squared => (0.5 * f64::from(x - weight) * f64::from(x - weight), x - weight),
        };
        self.loss += part;
        *grad = slope;
        self.places.push(place);
        if let Some(outputs) = self.outputs.get_mut(place) {
            *outputs = x;
        }
    }

    fn all(&mut self, numbers: &[f32], grads: &mut [f32]) -> Result<f64, Error> {
        self.calls += 1;
        self.expect(numbers.len() == grads.len(), "a gradient is not as long as its numbers");
        let before = self.loss;
        for (place, (&x, grad)) in numbers.iter().zip(grads).enumerate() {
            self.one(place, x, grad);
        }
        Ok(self.loss - before)
    }

    /// Returns a fault unless every output of the loss mask was passed once, as the objective requires, and the learner
    /// returned the objective's loss.
    pub(super) fn keeps(mut self, loss: f64) -> Result<(), Fault> {
        self.expect(
            self.places == self.positions,
            "the objective was not shown each output of the loss mask once, in order",
        );
        self.expect(
            self.coupling == Coupling::Token || self.calls <= 1,
            "an objective that couples its tokens was called for some of them",
        );
        let error = (loss - self.loss).abs();
        self.expect(
            error <= 1e-6 * self.loss.abs().max(1.0) || !self.loss.is_finite(),
            "the loss is not what the objective said",
        );
        match self.fault {
            Some(fault) => Err(Fault(fault.into())),
            None => Ok(()),
        }
    }
}

impl Objective for Probe<'_> {
    fn needs(&self) -> Needs {
        self.needs
    }

    fn coupling(&self) -> Coupling {
        self.coupling
    }

    fn tokens(
        &mut self,
        positions: &[usize],
        log_probs: &[f32],
        entropy: &[f32],
        grad_log_probs: &mut [f32],
        grad_entropy: &mut [f32],
    ) -> Result<f64, Error> {
        self.calls += 1;
        let (n, entropies) = (positions.len(), if self.needs.entropy { positions.len() } else { 0 });
        self.expect(
            self.needs.log_probs,
            "log-probabilities were passed to an objective that does not need them",
        );
        self.expect(
            log_probs.len() == n && grad_log_probs.len() == n,
            "log-probabilities do not fit positions",
        );
        self.expect(
            entropy.len() == entropies && grad_entropy.len() == entropies,
            "entropies are missing, or nobody asked for them",
        );
        grad_log_probs.fill(0.0);
        grad_entropy.fill(0.0);
        let before = self.loss;
        let (numbers, grads) =
            if self.needs.entropy { (entropy, grad_entropy) } else { (log_probs, grad_log_probs) };
        for ((&t, &x), grad) in positions.iter().zip(numbers).zip(grads) {
            self.one(t, x, grad);
        }
        Ok(self.loss - before)
    }

    fn values(&mut self, values: &[f32], grad_values: &mut [f32]) -> Result<f64, Error> {
        self.expect(self.needs.values, "values were passed to an objective that does not need them");
        self.all(values, grad_values)
    }

    fn scores(&mut self, scores: &[f32], grad_scores: &mut [f32]) -> Result<f64, Error> {
        self.expect(self.needs.scores, "scores were passed to an objective that does not need them");
        self.all(scores, grad_scores)
    }
}

/// An objective that always returns an error.
pub(super) struct Refuses(pub(super) Needs);

const NO: Error = Error::TooFew { name: "objective", need: 1, got: 0 };

impl Objective for Refuses {
    fn needs(&self) -> Needs {
        self.0
    }

    fn tokens(
        &mut self,
        _: &[usize],
        _: &[f32],
        _: &[f32],
        _: &mut [f32],
        _: &mut [f32],
    ) -> Result<f64, Error> {
        Err(NO)
    }

    fn values(&mut self, _: &[f32], _: &mut [f32]) -> Result<f64, Error> {
        Err(NO)
    }

    fn scores(&mut self, _: &[f32], _: &mut [f32]) -> Result<f64, Error> {
        Err(NO)
    }
}
