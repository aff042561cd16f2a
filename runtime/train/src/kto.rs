//! Kahneman–Tversky optimization (KTO): learning from responses that are desirable or not.

use super::accumulation::Accumulation;
use super::guard::{Place, ResponseBatch};
use super::pairs::some_response;
use super::reference::log_probs;
use super::steps::{DataPasses, Steps};
use super::{Examples, Models, Report, Step, TOKENS_AT_ONCE, TrainError, Trainer};
use crate::profile::KtoTraining;
use alloc::format;
use alloc::vec::Vec;
use rlhf_core::loss::{KtoLoss, LabelStats, LabeledResponses, kto_baseline};
use rlhf_core::random::{Key, Stream};
use rlhf_core::roles::{Learner, Reference};
use rlhf_core::{Error, loss};

/// Responses, each desirable or not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labeled {
    texts: Examples,
    desirable: Vec<bool>,
}

impl Labeled {
    /// Appends a response. Only it is learnt, not its prompt; an empty prompt leaves out its first token.
    ///
    /// # Errors
    /// [`Error::TooFew`] for a response of which nothing is learnt.
    pub fn push(&mut self, prompt: &[u32], response: &[u32], desirable: bool) -> Result<(), Error> {
        some_response("response", prompt, response)?;
        self.texts.push(prompt, response)?;
        self.desirable.push(desirable);
        Ok(())
    }

    /// The number of responses.
    pub fn len(&self) -> usize {
        self.desirable.len()
    }

    /// Returns whether there are no responses.
    pub fn is_empty(&self) -> bool {
        self.desirable.is_empty()
    }

    /// The number of desirable responses. The weights of [`loss::Kto`] balance the two kinds.
    pub fn desirable(&self) -> usize {
        self.desirable.iter().filter(|good| **good).count()
    }
}

/// Learns from labels, in batches of `settings.passes.batch` responses. A batch costs the reference one pass over
/// its responses, and policy and reference one pass for the KL baseline: each prompt of the batch with the next
/// response that belongs to another prompt, cut at its end where it would be longer than the batch's longest text.
/// A batch of one prompt has no such response, and its baseline is 0.
///
/// # Errors
/// [`TrainError::Nothing`] without a response; [`TrainError::Guard`] where a number is not finite; a
/// role's own.
pub async fn kto<L, F>(
    learner: &mut L,
    reference: &mut F,
    labeled: &Labeled,
    settings: &KtoTraining,
    seed: u64,
    on_step: &mut dyn FnMut(Step, &LabelStats),
) -> Result<(), TrainError>
where
    L: Reference + Learner<Error = <L as Reference>::Error>,
    F: Reference<Error: 'static>,
    <L as Reference>::Error: 'static,
{
    let mut steps = Kto::new(labeled, settings, seed)?;
    while let Some((step, stats)) = steps.step(learner, reference).await? {
        on_step(step, &stats);
    }
    Ok(())
}

/// [`kto`] step by step, for a caller that looks, saves or stops between two steps.
#[derive(Clone, Debug)]
pub struct Kto<'a> {
    labeled: &'a Labeled,
    objective: loss::Kto,
    steps: Steps,
}

impl<'a> Kto<'a> {
    /// At the first step.
    ///
    /// # Errors
    /// [`TrainError::Nothing`] without a response; [`TrainError::Core`] names the setting that is out of
    /// range.
    pub fn new(labeled: &'a Labeled, settings: &KtoTraining, seed: u64) -> Result<Self, TrainError> {
        settings.validate()?;
        let (items, key) = (labeled.len(), Key::new(seed, Stream::Shuffle, 2 << 18));
        let steps = Steps::new(DataPasses { what: "labels", items, settings: settings.passes, key })?;
        Ok(Self { labeled, objective: settings.objective, steps })
    }

    /// Continues after `steps` steps, with the learner and its optimizer of that time.
    pub fn after(mut self, steps: u64) -> Self {
        self.steps.skip_steps(steps);
        self
    }

    /// The next step, and its statistics; `None` at the end of the run.
    ///
    /// # Errors
    /// As [`kto`].
    pub async fn step<L, F>(
        &mut self,
        learner: &mut L,
        reference: &mut F,
    ) -> Result<Option<(Step, LabelStats)>, TrainError>
    where
        L: Reference + Learner<Error = <L as Reference>::Error>,
        F: Reference<Error: 'static>,
        <L as Reference>::Error: 'static,
    {
        let Some((step, picked)) = self.steps.next_batch() else { return Ok(None) };
        let batch = self.labeled.texts.select(picked.iter().copied());
        let desirable: Vec<bool> = picked.iter().map(|&i| self.labeled.desirable[i]).collect();
        let responses = ResponseBatch { texts: &batch, items: &picked, texts_per_item: 1 };
        let place = Place::Step(step + 1);
        let ref_log_probs = log_probs(reference, "reference", &batch, 1.0).await?;
        responses.reference(place, &ref_log_probs)?;
        let baseline = match self.objective.loss {
            KtoLoss::Kto => {
                let baseline = baseline(learner, reference, &batch).await;
                baseline.map_err(|error| error.guarded(place, || responses.offenders()))?
            }
            KtoLoss::ApoZeroUnpaired => 0.0,
        };
        let most = TOKENS_AT_ONCE;
        let accumulation = Accumulation { responses, place, role: "learner", most, temperature: 1.0 };
        let (parts, n, mut stats) = (accumulation.parts(), picked.len() as f64, LabelStats::default());
        let accumulated = accumulation.accumulate(
            learner,
            &parts,
            |part| {
                let reference = &ref_log_probs[part.span.clone()];
                let desirable = &desirable[part.texts.clone()];
                LabeledResponses::new(self.objective, part.ends(), reference, desirable, baseline, n)
            },
            |_, objective| stats.merge(&objective.stats),
        );
        accumulated.await?;
        let step = self.steps.take(learner, step, stats.loss, || responses.offenders()).await?;
        Ok(Some((step, stats)))
    }
}

/// The KL baseline of a batch, from a forward pass of both networks.
async fn baseline<P: Reference<Error: 'static>, F: Reference<Error: 'static>>(
    policy: &mut P,
    reference: &mut F,
    batch: &Examples,
) -> Result<f64, TrainError> {
    let others = mismatched(batch)?;
    if others.is_empty() {
        return Ok(0.0);
    }
    let policy = others.sums(&log_probs(policy, "policy", &others, 1.0).await?);
    let reference = others.sums(&log_probs(reference, "reference", &others, 1.0).await?);
    Ok(kto_baseline(&policy, &reference)?)
}

/// Each prompt with the next response in the batch that belongs to another prompt.
fn mismatched(batch: &Examples) -> Result<Examples, Error> {
    let n = batch.len();
    let longest = (0..n).map(|i| batch.text(i).len()).max().unwrap_or(0);
    let mut out = Examples::default();
    for i in 0..n {
        let (prompt, _) = batch.parted(i);
        let others = (1..n).map(|by| batch.parted((i + by) % n));
        let other = others.into_iter().find(|(other, _)| *other != prompt);
        if let Some((_, response)) = other.filter(|_| !prompt.is_empty()) {
            out.push(prompt, &response[..response.len().min(longest - prompt.len())])?;
        }
    }
    Ok(out)
}

impl<L, R> Trainer<L, R> for Kto<'_>
where
    L: Reference<Error: 'static> + Learner<Error = <L as Reference>::Error>,
{
    type State = ();

    async fn iterate(&mut self, models: &mut Models<'_, L, R>) -> Result<Option<Report>, TrainError> {
        let Models { policy, reference, .. } = models;
        let reference = reference.as_mut().ok_or(TrainError::Missing { role: "reference" })?;
        Ok(self.step(policy, reference).await?.map(|(step, stats)| {
            let margin = stats.margin().map(|margin| ("margin", margin));
            Report::of(step, margin, format!("loss {:.3}", step.loss))
        }))
    }

    fn state(&self) {}

    fn restore(&mut self, done: u64, (): ()) {
        self.steps.skip_steps(done);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn mismatched_texts_take_the_next_response_of_another_prompt() {
        let texts =
            [(vec![1, 2], vec![5]), (vec![1, 2], vec![6]), (vec![3], vec![7, 7, 7]), (vec![4], vec![8])];
        let out = mismatched(&Examples::try_from_iter(texts).unwrap()).unwrap();
        let all: Vec<&[u32]> = (0..out.len()).map(|i| out.text(i)).collect();
        // The first two are cut to the longest text, of four tokens.
        assert_eq!(all, [&[1, 2, 7, 7][..], &[1, 2, 7, 7], &[3, 8], &[4, 5]]);
        let one = Examples::try_from_iter([([1], [5]), ([1], [6])]).unwrap();
        assert!(mismatched(&one).unwrap().is_empty());
    }
}
