//! Learning from responses that are desirable or not: KTO.

use super::accumulation::Accumulation;
use super::guard::{Place, Shown};
use super::pairs::some_response;
use super::reference::log_probs;
use super::steps::{Passing, Steps};
use super::trainer::required;
use super::{Examples, Models, Report, Step, TOKENS_AT_ONCE, TrainError, Trainer};
use crate::profile::KtoTraining;
use alloc::format;
use alloc::vec::Vec;
use rlhf_core::loss::{KtoLoss, LabelStats, LabeledResponses, kto_baseline};
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

    /// How many responses there are.
    pub fn len(&self) -> usize {
        self.desirable.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.desirable.is_empty()
    }

    /// How many of them are desirable: the weights of [`loss::Kto`] are to make up for few of one kind.
    pub fn desirable(&self) -> usize {
        self.desirable.iter().filter(|good| **good).count()
    }
}

/// Learns from labels, in batches of `settings.passes.batch` responses. The reference is asked once a batch for
/// the responses, and policy and reference once for the baseline: each prompt of the batch with the next
/// response in it that belongs to another prompt, cut at its end where it would be longer than the
/// batch's longest text. A batch of one prompt has no such response, and 0 for baseline.
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
    while let Some((step, seen)) = steps.step(learner, reference).await? {
        on_step(step, &seen);
    }
    Ok(())
}

/// [`kto`] step by step, for a caller that wants to look, save or stop between two.
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
        let (batch, epochs) = (settings.passes.batch, settings.passes.epochs);
        let passing = Passing { what: "labels", items: labeled.len(), batch, epochs };
        let steps = Steps::new(passing, settings.passes.optimizer, (seed, 2 << 18))?;
        Ok(Self { labeled, objective: settings.objective, steps })
    }

    /// Goes on after `steps` steps that were taken before, by a learner that remembers them.
    pub fn after(mut self, steps: u64) -> Self {
        self.steps.leave_out(steps);
        self
    }

    /// The next step, and what its responses showed; `None` when all are done.
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
        let shown = Shown { texts: &batch, items: &picked, each: 1 };
        let place = Place::Step(step + 1);
        let said = log_probs(reference, "reference", &batch, 1.0).await?;
        shown.reference(place, &said)?;
        let baseline = match self.objective.loss {
            KtoLoss::Kto => {
                let baseline = baseline(learner, reference, &batch).await;
                baseline.map_err(|error| error.guarded(place, || shown.offenders()))?
            }
            KtoLoss::ApoZeroUnpaired => 0.0,
        };
        let most = TOKENS_AT_ONCE;
        let teaching = Accumulation { shown, place, role: "learner", most, temperature: 1.0 };
        let (parts, n, mut seen) = (teaching.parts(), picked.len() as f64, LabelStats::default());
        let taught = teaching.learn(
            learner,
            &parts,
            |part| {
                let (said, good) = (&said[part.span.clone()], &desirable[part.texts.clone()]);
                LabeledResponses::new(self.objective, part.ends(), said, good, baseline, n)
            },
            |_, objective| seen.merge(&objective.stats),
        );
        taught.await?;
        let step = self.steps.take(learner, step, seen.loss, || shown.offenders()).await?;
        Ok(Some((step, seen)))
    }
}

/// The KL baseline of a batch, from a pass for scalars alone.
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
        let reference = required(&mut models.reference, "reference")?;
        Ok(self.step(&mut models.policy, reference).await?.map(|(step, seen)| {
            let margin = seen.margin().map(|margin| ("margin", margin));
            Report::of(step, margin, format!("loss {:.3}", step.loss))
        }))
    }

    fn state(&self) {}

    fn restore(&mut self, done: u64, (): ()) {
        self.steps.leave_out(done);
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
