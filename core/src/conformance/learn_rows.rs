//! [`LearnRows`]: learning from whole rows.

use super::Subject;
use super::gradient::{slope, text};

use super::learn::{accumulate, descent, outputs_of, step, weights};
use super::measure::{Checked, Fault, Measured, ensure};
use super::probe::LogProbs;
use super::refusals::drops;
use super::rows::rows;
use super::run::{Check, refused, wait};
use super::text::{Text, numbers};
use crate::capabilities::{LearnRows, Rows};
use crate::log_probs::{log_prob, log_prob_pull};
use crate::roles::Learner;
use crate::{Error, RowObjective};
use alloc::vec::Vec;

pub(super) fn checks<S: Subject<Network: LearnRows + Rows>>() -> [Check<S>; 4] {
    [("shows_rows", shows), ("gradient", gradient), ("as_scalars", as_scalars), ("objective_error", error)]
}

/// `Σ w·z` over all logits. It records its inputs, and can be set to return an error at the second row.
struct Weighted {
    sign: f32,
    refuses: bool,
    positions: Vec<usize>,
    logits: Vec<f32>,
}

impl Weighted {
    fn new(sign: f32, refuses: bool) -> Self {
        Self { sign, refuses, positions: Vec::new(), logits: Vec::new() }
    }
}

impl RowObjective for Weighted {
    fn row(&mut self, position: usize, logits: &[f32], grad_logits: &mut [f32]) -> Result<f64, Error> {
        if self.refuses && !self.positions.is_empty() {
            return Err(Error::TooFew { name: "objective", need: 1, got: 0 });
        }
        self.positions.push(position);
        self.logits.extend_from_slice(logits);
        let weights = numbers(logits.len(), position as u32);
        let mut loss = 0.0;
        for ((grad, &z), w) in grad_logits.iter_mut().zip(logits).zip(weights) {
            *grad = self.sign * w;
            loss += f64::from(*grad) * f64::from(z);
        }
        Ok(loss)
    }
}

fn teach_rows<S: Subject<Network: LearnRows>>(
    subject: &S,
    network: &mut S::Network,
    text: &Text,
    objective: &mut impl RowObjective,
) -> Result<f64, Fault> {
    wait(subject, network.accumulate_rows(text.batch()?, objective))
}

/// A learner passes the rows of [`Rows`] to its objective, in order and not divided by the temperature.
fn shows<S: Subject<Network: LearnRows + Rows>>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().agree);
    let (text, mut network) = (Text::uneven(subject).at(0.7), subject.fresh(1));
    let (positions, want) = rows(subject, &mut network, &text)?;
    let mut objective = Weighted::new(1.0, false);
    teach_rows(subject, &mut network, &text, &mut objective)?;
    ensure(objective.positions == positions, "rows are not those of the loss_mask tokens, in order")?;
    measured.all(&objective.logits, &want)?;
    Ok(measured)
}

/// The accumulated gradient is the loss's.
fn gradient<S: Subject<Network: LearnRows + Rows>>(subject: &S) -> Checked {
    let text = text(subject);
    slope(
        subject,
        |network, sign| teach_rows(subject, network, &text, &mut Weighted::new(sign, false)).map(|_| ()),
        |network| {
            let loss = teach_rows(subject, network, &text, &mut Weighted::new(1.0, false))?;
            wait(subject, network.zero_grad())?;
            Ok(loss)
        },
    )
}

/// `Σ w·ln p` of the tokens, from rows.
struct FromRows<'a> {
    text: &'a Text,
    weights: &'a [f32],
}

impl RowObjective for FromRows<'_> {
    fn row(&mut self, position: usize, logits: &[f32], grad_logits: &mut [f32]) -> Result<f64, Error> {
        grad_logits.fill(0.0);
        let (token, temperature) = (self.text.tokens[position] as usize, self.text.temperature.into());
        let weight = self.weights[position];
        log_prob_pull(logits, token, temperature, weight, 0.0, grad_logits)?;
        Ok(f64::from(weight) * f64::from(log_prob(logits, token, temperature)?.0))
    }
}

/// A loss of log-probabilities teaches the same from rows as from scalars.
fn as_scalars<S: Subject<Network: LearnRows + Rows>>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().formula);
    let text = text(subject);
    let weights = weights::<LogProbs>(&text);
    let outputs_after = |by_rows: bool| -> Result<Vec<f32>, Fault> {
        let mut network = subject.fresh(1);
        if by_rows {
            teach_rows(subject, &mut network, &text, &mut FromRows { text: &text, weights: &weights })?;
        } else {
            accumulate::<S, LogProbs>(subject, &mut network, &text, &weights)?;
        }
        let norm = step(subject, &mut network, descent(subject.tolerances().nudge, 1.0))?;
        let mut outputs = outputs_of::<S, LogProbs>(subject, &mut network, &text)?;
        outputs.push(norm as f32);
        Ok(outputs)
    };
    measured.all(&outputs_after(true)?, &outputs_after(false)?)?;
    Ok(measured)
}

/// An objective's error is the learner's, and drops what was accumulated.
fn error<S: Subject<Network: LearnRows + Rows>>(subject: &S) -> Checked {
    let text = text(subject);
    drops::<S, LogProbs>(subject, |network| {
        let mut objective = Weighted::new(1.0, true);
        refused(subject, "an objective's refusal", network.accumulate_rows(text.batch()?, &mut objective))
    })
}
