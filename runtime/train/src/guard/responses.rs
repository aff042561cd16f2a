//! The guards of algorithms that learn from stored or compared responses: pairs, labels, logs.

use super::{Fault, Guard, Guards, Offender, OutputRecord, Place, all_finite};
use crate::Examples;
use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

const LEARNER: &str = "lower the learning rate; in the first step: are the weights whole?";
const REFERENCE: &str = "are the reference's weights whole?";

/// A batch of responses, of which one item may have several: a pair has two.
#[derive(Clone, Copy)]
pub(crate) struct ResponseBatch<'a> {
    /// The texts of the batch, item by item.
    pub texts: &'a Examples,
    /// The index of each item in the data.
    pub items: &'a [usize],
    /// The number of neighboring texts in an item.
    pub texts_per_item: usize,
}

impl ResponseBatch<'_> {
    fn offender(&self, i: usize, columns: Vec<(&'static str, Vec<f32>)>) -> Offender {
        let example = Offender::example(self.texts, i, self.items[i / self.texts_per_item]);
        Offender { answer: (self.texts_per_item > 1).then_some(i % self.texts_per_item), columns, ..example }
    }

    /// All responses, for an error.
    pub fn offenders(&self) -> Vec<Offender> {
        (0..self.texts.len()).map(|i| self.offender(i, Vec::new())).collect()
    }

    /// Checks the reference's log-probabilities of the batch.
    pub fn reference(&self, place: Place, log_probs: &[f32]) -> Result<(), Box<Fault>> {
        self.finite(place, "the reference's log-probabilities", REFERENCE, log_probs, |_| false)
    }

    /// Checks the learner's log-probabilities of the batch, and the losses.
    pub fn learner(&self, place: Place, record: &OutputRecord) -> Result<(), Box<Fault>> {
        let what = "the log-probabilities, or their loss,";
        self.finite(place, what, LEARNER, &record.outputs, |item| record.lost(item))
    }

    fn finite(
        &self,
        place: Place,
        what: &str,
        advice: &'static str,
        log_probs: &[f32],
        lost: impl Fn(usize) -> bool,
    ) -> Result<(), Box<Fault>> {
        let texts = self.texts;
        let wrong = |&i: &usize| lost(i / self.texts_per_item) || !all_finite(&log_probs[texts.span(i)]);
        let offenders = (0..texts.len()).filter(wrong).map(|i| {
            let response = texts.span(i).end - texts.parted(i).1.len()..texts.span(i).end;
            self.offender(i, vec![("log_probs", log_probs[response].to_vec())])
        });
        Fault::not_finite(place, what, advice, texts.len(), offenders.collect())
    }
}

impl Guards {
    /// Checks the mean KL from the reference before anything is learnt: `kls` has the index and the log-ratio of each
    /// of the policy's responses, in nats.
    pub(crate) fn near(
        &self,
        place: Place,
        responses: &ResponseBatch<'_>,
        kls: &[(usize, f64)],
    ) -> Result<(), Box<Fault>> {
        let mean = kls.iter().map(|(_, kl)| kl).sum::<f64>() / kls.len().max(1) as f64;
        if mean <= self.max_kl {
            return Ok(());
        }
        let far = kls.iter().filter(|(_, kl)| *kl > self.max_kl);
        Err(Box::new(Fault {
            guard: Guard::Kl,
            place,
            what: "the mean KL from the reference, in nats per response,".into(),
            value: mean,
            limit: Some(self.max_kl),
            advice: "lower the learning rate, or raise β or τ".into(),
            offenders: far.map(|&(i, _)| responses.offender(i, Vec::new())).collect(),
            of: kls.len(),
        }))
    }
}
