//! Learning from pairs without a reward model: DPO and its kin, offline.

use super::accumulation::Accumulation;
use super::guard::{Place, Shown};
use super::reference::log_probs;
use super::steps::{Passing, Steps};
use super::trainer::required;
use super::{Examples, Models, Pairs, Report, Step, TOKENS_AT_ONCE, TrainError, Trainer};
use crate::profile::PreferenceTraining;
use alloc::format;
use alloc::vec;
use alloc::vec::Vec;
use rlhf_core::Objective;
use rlhf_core::loss::{Against, Preference, PreferenceCounts, PreferencePairs, PreferenceStats};
use rlhf_core::roles::{Learner, Reference};

/// Learns to prefer chosen to rejected responses, under any loss of [`Preference`], in batches of
/// `settings.passes.batch` pairs. The reference is asked once a batch, and not at all where the loss measures
/// against nothing ([`super::NoReference`] serves then). The dropout is the learner's to know.
///
/// AOT sorts over a batch, which is then shown to the learner at once, whatever its length.
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
    while let Some((step, seen)) = steps.step(learner, reference).await? {
        on_step(step, &seen);
    }
    Ok(())
}

/// [`preferences`] step by step, for a caller that wants to look, save or stop between two.
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
        let (batch, epochs) = (settings.passes.batch, settings.passes.epochs);
        let passing = Passing { what: "pairs", items: pairs.len(), batch, epochs };
        let steps = Steps::new(passing, settings.passes.optimizer, (seed, 1 << 18))?;
        Ok(Self { pairs, objective: settings.objective, steps })
    }

    /// Goes on after `steps` steps that were taken before, by a learner that remembers them.
    pub fn after(mut self, steps: u64) -> Self {
        self.steps.leave_out(steps);
        self
    }

    /// The next step, and what its pairs showed; `None` when all are done. The step's loss has the SFT
    /// term, the pairs' has not.
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
        let shown = Shown { texts: batch.texts(), items: &picked, each: 2 };
        let place = Place::Step(step + 1);
        let mut compared = Compared::new(self.objective, shown);
        let said;
        if self.objective.against == Against::Reference {
            said = log_probs(reference, "reference", shown.texts, 1.0).await?;
            shown.reference(place, &said)?;
            compared.reference = Some(&said);
        }
        let (loss, seen) = compared.accumulate(learner, place).await?;
        let step = self.steps.take(learner, step, loss, || shown.offenders()).await?;
        Ok(Some((step, seen)))
    }
}

/// A batch of pairs to learn from.
pub(super) struct Compared<'a> {
    objective: Preference,
    shown: Shown<'a>,
    /// What the reference said of the batch's tokens.
    pub reference: Option<&'a [f32]>,
    pub temperature: f32,
    /// Whether each pair's first text is the chosen one; all are without.
    pub first_wins: Option<&'a [bool]>,
    /// XPO's α.
    pub optimism: f64,
}

impl<'a> Compared<'a> {
    pub fn new(objective: Preference, shown: Shown<'a>) -> Self {
        Self { objective, shown, reference: None, temperature: 1.0, first_wins: None, optimism: 0.0 }
    }

    /// Accumulates the batch's gradient. Gives its loss, and what the pairs showed.
    pub async fn accumulate<L: Learner<Error: 'static>>(
        &self,
        learner: &mut L,
        place: Place,
    ) -> Result<(f64, PreferenceStats), TrainError> {
        let counts = counts(self.shown.texts, self.first_wins);
        let most = if self.objective.sorts() { usize::MAX } else { TOKENS_AT_ONCE };
        let (shown, temperature) = (self.shown, self.temperature);
        let teaching = Accumulation { shown, place, role: "learner", most, temperature };
        let (parts, mut loss, mut seen) = (teaching.parts(), 0.0, PreferenceStats::default());
        let taught = teaching.learn(
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
                seen.merge(&objective.stats);
            },
        );
        taught.await?;
        Ok((loss, seen))
    }
}

/// What is counted over all pairs of a batch.
fn counts(texts: &Examples, first_wins: Option<&[bool]>) -> PreferenceCounts {
    let pairs = texts.len() / 2;
    let chosen = |i: usize| 2 * i + usize::from(first_wins.is_some_and(|wins| !wins[i]));
    let tokens: usize = (0..pairs).map(|i| texts.parted(chosen(i)).1.len()).sum();
    PreferenceCounts { pairs: pairs as f64, chosen_tokens: tokens as f64 }
}

/// What a policy makes of pairs that it does not learn from: how many it orders as people did, and by how
/// much. All of them are one batch.
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
    let mut shown = PreferencePairs::new(*objective, sequences.ends(), counts(texts, None))?;
    let (said, positions) = (log_probs(policy, "policy", texts, 1.0).await?, texts.positions());
    let against;
    if objective.against == Against::Reference {
        against = log_probs(reference, "reference", texts, 1.0).await?;
        shown = shown.with_reference(&against);
    }
    let loss_mask: Vec<f32> = positions.iter().map(|&t| said[t]).collect();
    shown.tokens(&positions, &loss_mask, &[], &mut vec![0.0; loss_mask.len()], &mut [])?;
    Ok(shown.stats)
}

impl<L, R> Trainer<L, R> for Preferences<'_>
where
    L: Reference<Error: 'static> + Learner<Error: 'static>,
{
    type State = ();

    async fn iterate(&mut self, models: &mut Models<'_, L, R>) -> Result<Option<Report>, TrainError> {
        let reference = required(&mut models.reference, "reference")?;
        Ok(self.step(&mut models.policy, reference).await?.map(|(step, seen)| {
            let figures = [
                ("accuracy", seen.accuracy()),
                ("margin", seen.margin()),
                ("chosen_log_ratio", seen.chosen_log_ratio()),
                ("rejected_log_ratio", seen.rejected_log_ratio()),
            ];
            let figures = figures.into_iter().filter_map(|(name, value)| Some((name, value?)));
            let accuracy = seen.accuracy().unwrap_or(0.0);
            Report::of(step, figures, format!("loss {:.3}, accuracy {accuracy:.2}", step.loss))
        }))
    }

    fn state(&self) {}

    fn restore(&mut self, done: u64, (): ()) {
        self.steps.leave_out(done);
    }
}
