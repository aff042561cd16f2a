//! The guards of a batch, between its gradient and the optimizer step.

use super::{CRITIC, Fault, Guard, Guards, Offender, OutputRecord, POLICY, Place, all_finite};
use crate::Examples;
use crate::rollout::Minibatch;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::ops::Range;

const STEP_1: &str = "lower supervised.optimizer.learning_rate; in the first step: are the weights whole?";
const STEP_2: &str = "lower reward.optimizer.learning_rate; in the first step: are the weights whole?";

impl Guards {
    /// Checks the new log-probabilities of a minibatch before the policy's step: all finite, and not too far from
    /// the old ones.
    pub(crate) fn minibatch(&self, minibatch: &Minibatch, record: &OutputRecord) -> Result<(), Box<Fault>> {
        let Minibatch { rollouts: minibatch, indices, place, .. } = minibatch;
        let place = *place;
        let offender = |i: usize| {
            let span = minibatch.response_span(i);
            let new = record.outputs[span.clone()].iter();
            let ratio = new.zip(&minibatch.log_probs()[span.clone()]).map(|(new, old)| libm::expf(new - old));
            let mut offender = Offender::response(minibatch, i, indices[i]);
            offender.columns.push(("new_log_probs", record.outputs[span].to_vec()));
            offender.columns.push(("ratio", ratio.collect()));
            offender
        };
        let (mut sum, mut tokens, mut means) = (0.0, 0, Vec::with_capacity(minibatch.len()));
        for i in 0..minibatch.len() {
            let span = minibatch.response_span(i);
            let old = &minibatch.log_probs()[span.clone()];
            let greater = record.outputs[span.clone()].iter().zip(old);
            let part: f64 = greater.map(|(&new, &old)| libm::exp(f64::from(new - old).abs())).sum();
            means.push(part / span.len() as f64);
            sum += part;
            tokens += span.len();
        }
        let mean = sum / tokens as f64;
        if mean > self.max_ratio && all_finite(&record.outputs) {
            let far = (0..means.len()).filter(|&i| means[i] > self.max_ratio);
            return Err(Box::new(Fault {
                guard: Guard::Ratio,
                place,
                what: "the mean ratio of new to old probability, or its inverse,".into(),
                value: mean,
                limit: Some(self.max_ratio),
                advice: "lower ppo.policy.learning_rate, or raise β (ppo.controller)".into(),
                offenders: far.map(offender).collect(),
                of: minibatch.len(),
            }));
        }
        let wrong = (0..minibatch.len()).filter(|&i| record.wrong(minibatch.span(i)));
        let offenders = wrong.map(offender).collect();
        Fault::not_finite(place, "the policy's log-probabilities", POLICY, minibatch.len(), offenders)
    }

    /// Checks the new values of a minibatch before the critic's step: they and their squares are finite.
    pub(crate) fn critic(minibatch: &Minibatch, record: &OutputRecord) -> Result<(), Box<Fault>> {
        let Minibatch { rollouts: minibatch, indices, place, .. } = minibatch;
        let place = *place;
        // A loss names the first value whose square is too large; the others are no better.
        let large = |i| record.outputs[minibatch.response_span(i)].iter().any(|v| !(v * v).is_finite());
        let wrong = (0..minibatch.len()).filter(|&i| record.wrong(minibatch.span(i)) || large(i));
        let offenders = wrong.map(|i| {
            let mut offender = Offender::response(minibatch, i, indices[i]);
            offender.columns.push(("new_values", record.outputs[minibatch.response_span(i)].to_vec()));
            offender
        });
        Fault::not_finite(
            place,
            "the critic's values, or their squares,",
            CRITIC,
            minibatch.len(),
            offenders.collect(),
        )
    }

    /// Checks the log-probabilities of a batch of examples: of step 1, or of PPO's pretraining mix.
    pub(crate) fn examples(
        place: Place,
        examples: &Examples,
        indices: &[usize],
        record: &OutputRecord,
    ) -> Result<(), Box<Fault>> {
        let wrong = (0..examples.len()).filter(|&i| record.wrong(examples.span(i)));
        let offenders = wrong.map(|i| {
            let mut offender = Offender::example(examples, i, indices[i]);
            let response = examples.span(i).end - offender.response.len()..examples.span(i).end;
            offender.columns.push(("log_probs", record.outputs[response].to_vec()));
            offender
        });
        let (what, advice) = match place {
            Place::Step(_) => ("the log-probabilities", STEP_1),
            _ => ("log-probabilities of the pretraining mix", POLICY),
        };
        Fault::not_finite(place, what, advice, examples.len(), offenders.collect())
    }

    /// Checks the scores of a batch of answers in step 2: each a text, with its ranking and its index in that. `outputs`
    /// gives the range of an answer's outputs, of which the last is its score.
    pub(crate) fn answers<'t>(
        place: Place,
        answers: impl ExactSizeIterator<Item = (&'t [u32], (usize, usize))>,
        outputs: impl Fn(usize) -> Range<usize>,
        record: &OutputRecord,
    ) -> Result<(), Box<Fault>> {
        let of = answers.len();
        let wrong = answers.enumerate().filter(|(i, _)| record.wrong(outputs(*i)));
        let score = |i| record.outputs[outputs(i)].last().copied();
        let offenders = wrong.map(|(i, (text, from))| Offender::answer(text, from, score(i)));
        Fault::not_finite(place, "the reward model's scores", STEP_2, of, offenders.collect())
    }
}
