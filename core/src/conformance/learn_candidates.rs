//! [`LearnCandidates`]: learning from several ids at a position.

use super::Subject;
use super::candidates::candidates_of;
use super::gradient::{slope, text};
use super::learn::{accumulate, descent, outputs_of, step, weights};
use super::measure::{Checked, Fault, Measured, ensure};
use super::probe::LogProbs;
use super::refusals::drops;
use super::run::{Check, refused, wait};
use super::text::{Text, numbers};
use crate::capabilities::{Candidates, LearnCandidates};
use crate::roles::Learner;
use crate::{CandidateObjective, Error};
use alloc::vec;
use alloc::vec::Vec;

pub(super) fn checks<S: Subject<Network: LearnCandidates + Candidates>>() -> [Check<S>; 4] {
    [("shows_candidates", shows), ("gradient", gradient), ("as_scalars", as_scalars), ("refusals", refusals)]
}

/// `Σ w·ln p` over candidates, with `k` weights `w` for each of the batch's tokens. It records its inputs.
struct Weighted {
    k: usize,
    weights: Vec<f32>,
    refuses: bool,
    positions: Vec<usize>,
    outputs: Vec<f32>,
}

impl Weighted {
    fn new(k: usize, weights: Vec<f32>) -> Self {
        Self { k, weights, refuses: false, positions: Vec::new(), outputs: Vec::new() }
    }
}

impl CandidateObjective for Weighted {
    fn candidates(
        &mut self,
        positions: &[usize],
        log_probs: &[f32],
        grad_log_probs: &mut [f32],
    ) -> Result<f64, Error> {
        if self.refuses {
            return Err(Error::TooFew { name: "objective", need: 1, got: 0 });
        }
        self.positions.extend_from_slice(positions);
        self.outputs.extend_from_slice(log_probs);
        let mut loss = 0.0;
        let places = positions.iter().flat_map(|t| t * self.k..(t + 1) * self.k);
        for ((place, &x), grad) in places.zip(log_probs).zip(grad_log_probs) {
            *grad = self.weights[place];
            loss += f64::from(*grad) * f64::from(x);
        }
        Ok(loss)
    }
}

fn teach_candidates<S: Subject<Network: LearnCandidates>>(
    subject: &S,
    network: &mut S::Network,
    text: &Text,
    ids: &[u32],
    objective: &mut Weighted,
) -> Result<f64, Fault> {
    wait(subject, network.accumulate_candidates(text.batch()?, objective.k, ids, objective))
}

/// Three ids at each loss token.
fn ids<S: Subject>(subject: &S, text: &Text) -> Vec<u32> {
    let vocabulary = subject.vocabulary() as u32;
    text.positions()
        .iter()
        .flat_map(|t| [3, 0, 1].map(|more| (text.tokens[*t] + more) % vocabulary))
        .collect()
}

/// A learner passes the log-probabilities of [`Candidates`] to its objective, in order.
fn shows<S: Subject<Network: LearnCandidates + Candidates>>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().agree);
    let (text, mut network) = (Text::uneven(subject).at(0.7), subject.fresh(1));
    let ids = ids(subject, &text);
    let want = candidates_of(subject, &mut network, &text, 3, &ids)?;
    let mut objective = Weighted::new(3, numbers(3 * text.tokens.len(), 2));
    teach_candidates(subject, &mut network, &text, &ids, &mut objective)?;
    ensure(
        objective.positions == text.positions(),
        "candidates are not those of the loss_mask tokens, in order",
    )?;
    measured.all(&objective.outputs, &want)?;
    Ok(measured)
}

/// The accumulated gradient is the loss's.
fn gradient<S: Subject<Network: LearnCandidates + Candidates>>(subject: &S) -> Checked {
    let text = text(subject);
    let ids = ids(subject, &text);
    let weights = |sign: f32| numbers(3 * text.tokens.len(), 2).iter().map(|w| sign * w).collect();
    slope(
        subject,
        |network, sign| {
            let mut objective = Weighted::new(3, weights(sign));
            teach_candidates(subject, network, &text, &ids, &mut objective).map(|_| ())
        },
        |network| {
            let loss = teach_candidates(subject, network, &text, &ids, &mut Weighted::new(3, weights(1.0)))?;
            wait(subject, network.zero_grad())?;
            Ok(loss)
        },
    )
}

/// With the text's own tokens as candidates it teaches what the scalars teach.
fn as_scalars<S: Subject<Network: LearnCandidates + Candidates>>(subject: &S) -> Checked {
    let mut measured = Measured::within(subject.tolerances().formula);
    let text = text(subject);
    let weights = weights::<LogProbs>(&text);
    let tokens: Vec<u32> = text.positions().iter().map(|t| text.tokens[*t]).collect();
    let outputs_after = |by_candidates: bool| -> Result<Vec<f32>, Fault> {
        let mut network = subject.fresh(1);
        if by_candidates {
            let mut objective = Weighted::new(1, weights.clone());
            teach_candidates(subject, &mut network, &text, &tokens, &mut objective)?;
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

/// An objective's error and an id outside the vocabulary are the learner's errors, and drop what was
/// accumulated.
fn refusals<S: Subject<Network: LearnCandidates + Candidates>>(subject: &S) -> Checked {
    let text = text(subject);
    let good = ids(subject, &text);
    let bad = vec![subject.vocabulary() as u32; good.len()];
    let mut worst = Measured::within(subject.tolerances().same);
    for (what, refuses, ids) in
        [("an objective's refusal", true, &good), ("a candidate outside the vocabulary", false, &bad)]
    {
        let one = drops::<S, LogProbs>(subject, |network| {
            let mut objective = Weighted::new(3, numbers(3 * text.tokens.len(), 2));
            objective.refuses = refuses;
            refused(subject, what, network.accumulate_candidates(text.batch()?, 3, ids, &mut objective))
        })?;
        worst.error(one.error);
    }
    Ok(worst)
}
