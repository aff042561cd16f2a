//! Direct preference optimization (DPO) and its kin: learning from stored pairs without a reward model.

use super::accumulation::Accumulation;
use super::guard::{Place, ResponseBatch};
use super::reference::log_probs;
use super::steps::{DataPasses, Steps};
use super::{Examples, Models, Pairs, Report, Step, TOKENS_AT_ONCE, TrainError, Trainer};
use crate::profile::PreferenceTraining;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;
use rlhf_core::Objective;
use rlhf_core::loss::{Against, Preference, PreferenceCounts, PreferencePairs, PreferenceStats};
use rlhf_core::random::{Key, Stream};
use rlhf_core::roles::{Learner, Reference};

/// Learns to prefer chosen to rejected responses, under any loss of [`Preference`], in batches of
/// `settings.passes.batch` pairs. A batch costs the reference one forward pass, or none where the loss has no
/// reference (then pass [`super::NoReference`]). Dropout is a setting of the learner.
///
/// AOT sorts over a batch, which is then one forward and backward pass, whatever its length.
///
/// # Errors
/// [`TrainError::Nothing`] without a pair; [`TrainError::Guard`] where a number is not finite; a role's
/// own.
pub async fn preferences<L: Learner<Error: 'static>, F: Reference<Error: 'static>>(
    learner: &mut L,
    reference: &mut F,
    pairs: &Pairs,
    settings: &PreferenceTraining,
    seed: u64,
    on_step: &mut dyn FnMut(Step, &PreferenceStats),
) -> Result<(), TrainError> {
    let mut steps = Preferences::new(pairs, settings, seed)?;
    while let Some((step, stats)) = steps.step(learner, reference).await? {
        on_step(step, &stats);
    }
    Ok(())
}

/// [`preferences`] step by step, for a caller that looks, saves or stops between two steps.
#[derive(Clone, Debug)]
pub struct Preferences<'a> {
    pairs: &'a Pairs,
    objective: Preference,
    steps: Steps,
}

impl<'a> Preferences<'a> {
    /// At the first step.
    ///
    /// # Errors
    /// [`TrainError::Nothing`] without a pair; [`TrainError::Core`] names the setting that is out of
    /// range.
    pub fn new(pairs: &'a Pairs, settings: &PreferenceTraining, seed: u64) -> Result<Self, TrainError> {
        settings.validate()?;
        let (items, key) = (pairs.len(), Key::new(seed, Stream::Shuffle, 1 << 18));
        let steps = Steps::new(DataPasses { what: "pairs", items, settings: settings.passes, key })?;
        Ok(Self { pairs, objective: settings.objective, steps })
    }

    /// Continues after `steps` steps, with the learner and its optimizer of that time.
    pub fn after(mut self, steps: u64) -> Self {
        self.steps.skip_steps(steps);
        self
    }

    /// The next step, and statistics of its pairs; `None` at the end of the run. The step's loss includes the SFT
    /// term, the pairs' loss does not.
    ///
    /// # Errors
    /// As [`preferences`].
    pub async fn step<L: Learner<Error: 'static>, F: Reference<Error: 'static>>(
        &mut self,
        learner: &mut L,
        reference: &mut F,
    ) -> Result<Option<(Step, PreferenceStats)>, TrainError> {
        let Some((step, picked)) = self.steps.next_batch() else { return Ok(None) };
        let batch = self.pairs.select(picked.iter().copied());
        let responses = ResponseBatch { texts: batch.texts(), items: &picked, texts_per_item: 2 };
        let place = Place::Step(step + 1);
        let mut pairs = PairBatch::new(self.objective, responses);
        let ref_log_probs;
        if self.objective.against == Against::Reference {
            ref_log_probs = log_probs(reference, "reference", responses.texts, 1.0).await?;
            responses.reference(place, &ref_log_probs)?;
            pairs.reference = Some(&ref_log_probs);
        }
        let (loss, stats) = pairs.accumulate(learner, place).await?;
        let step = self.steps.take(learner, step, loss, || responses.offenders()).await?;
        Ok(Some((step, stats)))
    }
}

/// A batch of pairs to learn from.
pub(super) struct PairBatch<'a> {
    objective: Preference,
    responses: ResponseBatch<'a>,
    /// The reference's log-probabilities of the batch's tokens.
    pub reference: Option<&'a [f32]>,
    pub temperature: f32,
    /// `true` for each pair whose first text is the chosen one; `None` if that holds for all pairs.
    pub first_wins: Option<&'a [bool]>,
    /// XPO's α.
    pub optimism: f64,
}

impl<'a> PairBatch<'a> {
    pub fn new(objective: Preference, responses: ResponseBatch<'a>) -> Self {
        Self { objective, responses, reference: None, temperature: 1.0, first_wins: None, optimism: 0.0 }
    }

    /// Accumulates the gradient of the batch. Returns its loss, and statistics of the pairs.
    pub async fn accumulate<L: Learner<Error: 'static>>(
        &self,
        learner: &mut L,
        place: Place,
    ) -> Result<(f64, PreferenceStats), TrainError> {
        let counts = counts(self.responses.texts, self.first_wins);
        let most = if self.objective.sorts() { usize::MAX } else { TOKENS_AT_ONCE };
        let (responses, temperature) = (self.responses, self.temperature);
        let accumulation = Accumulation { responses, place, role: "learner", most, temperature };
        let (parts, mut loss, mut stats) = (accumulation.parts(), 0.0, PreferenceStats::default());
        let accumulated = accumulation.accumulate(
            learner,
            &parts,
            |part| {
                let mut objective = PreferencePairs::new(self.objective, part.ends(), counts)?;
                if let Some(reference) = self.reference {
                    objective = objective.with_reference(&reference[part.span.clone()]);
                }
                if let Some(first_wins) = self.first_wins {
                    objective =
                        objective.with_winners(&first_wins[part.texts.start / 2..part.texts.end / 2])?;
                }
                objective.with_optimism(self.optimism)
            },
            |part, objective| {
                loss += part;
                stats.merge(&objective.stats);
            },
        );
        accumulated.await?;
        Ok((loss, stats))
    }
}

/// The numbers of pairs and of chosen tokens in a batch, which losses are divided by.
fn counts(texts: &Examples, first_wins: Option<&[bool]>) -> PreferenceCounts {
    let pairs = texts.len() / 2;
    let chosen = |i: usize| 2 * i + usize::from(first_wins.is_some_and(|wins| !wins[i]));
    let tokens: usize = (0..pairs).map(|i| texts.parted(chosen(i)).1.len()).sum();
    PreferenceCounts { pairs: pairs as f64, chosen_tokens: tokens as f64 }
}

/// Statistics of a policy on pairs that it does not learn from: how many it orders as people did, and by how much.
/// All pairs are one batch.
///
/// # Errors
/// [`TrainError::Nothing`] without a pair; [`TrainError::Core`] names a setting out of range, or a
/// number that is not finite; a role's own.
pub async fn preference_stats<P: Reference<Error: 'static>, F: Reference<Error: 'static>>(
    policy: &mut P,
    reference: &mut F,
    pairs: &Pairs,
    objective: &Preference,
) -> Result<PreferenceStats, TrainError> {
    if pairs.is_empty() {
        return Err(TrainError::Nothing { what: "pairs" });
    }
    let texts = pairs.texts();
    let sequences = texts.sequences()?;
    let mut measured = PreferencePairs::new(*objective, sequences.ends(), counts(texts, None))?;
    let (log_probs_of_tokens, positions) =
        (log_probs(policy, "policy", texts, 1.0).await?, texts.positions());
    let ref_log_probs;
    if objective.against == Against::Reference {
        ref_log_probs = log_probs(reference, "reference", texts, 1.0).await?;
        measured = measured.with_reference(&ref_log_probs);
    }
    let learned: Vec<f32> = positions.iter().map(|&t| log_probs_of_tokens[t]).collect();
    measured.tokens(&positions, &learned, &[], &mut vec![0.0; learned.len()], &mut [])?;
    Ok(measured.stats)
}

impl<L, R> Trainer<L, R> for Preferences<'_>
where
    L: Reference<Error: 'static> + Learner<Error: 'static>,
{
    type State = ();

    async fn iterate(&mut self, models: &mut Models<'_, L, R>) -> Result<Option<Report>, TrainError> {
        let Models { policy, reference, .. } = models;
        let reference = reference.as_mut().ok_or(TrainError::Missing { role: "reference" })?;
        Ok(self.step(policy, reference).await?.map(|(step, stats)| {
            let figures = [
                ("accuracy", stats.accuracy()),
                ("margin", stats.margin()),
                ("chosen_log_ratio", stats.chosen_log_ratio()),
                ("rejected_log_ratio", stats.rejected_log_ratio()),
            ];
            let figures = figures.into_iter().filter_map(|(name, value)| Some((name, value?)));
            let accuracy = stats.accuracy().unwrap_or(0.0);
            Report::of(step, figures, format!("loss {:.3}, accuracy {accuracy:.2}", step.loss))
        }))
    }

    fn state(&self) {}

    fn restore(&mut self, done: u64, (): ()) {
        self.steps.skip_steps(done);
    }
}
