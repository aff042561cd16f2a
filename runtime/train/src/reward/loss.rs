//! The gradient of an optimizer batch.

use super::batch::Batch;
use crate::TrainError;
use crate::guard::{Guards, OutputRecord, Place, zero_grad_on_fault};
use crate::profile::RewardLoss;
use alloc::vec::Vec;
use rlhf_core::Objective;
use rlhf_core::loss::{
    Comparisons, CrossEntropy, Graded, Judgments, Outcome, Pairwise, PreferencePretraining, Process, Ranked,
    RankingLoss,
};
use rlhf_core::roles::Learner;

/// The objective of a phase.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum RewardObjective {
    /// The loss of the settings.
    Loss(RewardLoss),
    /// Preference-model pretraining, with the coefficient of its language-model term.
    Pretraining { language: f64 },
}

impl RewardObjective {
    /// Returns whether the loss trains values at tokens, not scores of texts.
    fn values(self) -> bool {
        matches!(self, Self::Loss(RewardLoss::Process(_)))
    }
}

/// Accumulates the gradient of a batch of `items` rankings, pairs or solutions, and returns its statistics: a label
/// counts as a comparison.
pub(super) async fn accumulate<L: Learner<Error: 'static>>(
    learner: &mut L,
    batch: &Batch,
    objective: RewardObjective,
    items: usize,
    place: Place,
) -> Result<Comparisons, TrainError> {
    let n = items as f64;
    let mut record =
        OutputRecord::new(if objective.values() { batch.tokens.len() } else { batch.ends.len() });
    let mut stats = Comparisons::default();
    for part in batch.parts() {
        let tokens = part.part.batch()?;
        let at = if objective.values() { part.part.span.clone() } else { part.texts.clone() };
        let ranks = &batch.ranks[part.texts.clone()];
        let of_part = match objective {
            RewardObjective::Pretraining { language } => {
                let counted = batch.loss_mask.iter().filter(|counts| **counts).count().max(1) as f64;
                let mut both = PreferencePretraining {
                    comparisons: Pairwise::new(n)?,
                    language: CrossEntropy::weighted(counted, language)?,
                };
                accumulate_part(learner, tokens, &mut record.over(&mut both, at)).await?;
                let nats = language * both.language.nats / counted;
                Comparisons { loss: both.comparisons.stats.loss + nats, ..both.comparisons.stats }
            }
            RewardObjective::Loss(RewardLoss::KWise(ties)) => {
                let mut ranked = Ranked::new(ranks, &part.ends, RankingLoss::KWise(ties), n)?;
                accumulate_part(learner, tokens, &mut record.over(&mut ranked, at)).await?;
                ranked.stats
            }
            RewardObjective::Loss(RewardLoss::PlackettLuce(stages)) => {
                let mut ranked = Ranked::new(ranks, &part.ends, RankingLoss::PlackettLuce(stages), n)?;
                accumulate_part(learner, tokens, &mut record.over(&mut ranked, at)).await?;
                ranked.stats
            }
            RewardObjective::Loss(RewardLoss::Pairwise { centering, margin }) => {
                let scale = margin.unwrap_or(0.0) as f32;
                let margins: Vec<f32> =
                    batch.margins[part.groups.clone()].iter().map(|m| scale * m).collect();
                let mut pairs = Pairwise::new(n)?.with_centering(centering)?;
                if margin.is_some() {
                    pairs = pairs.with_margin(&margins)?;
                }
                accumulate_part(learner, tokens, &mut record.over(&mut pairs, at)).await?;
                pairs.stats
            }
            RewardObjective::Loss(RewardLoss::Graded(grading)) => {
                let cuts = grading.cuts();
                let grades = &batch.grades[part.groups.clone()];
                let mut pairs = Graded::new(grades, grading.grades(&cuts), n)?;
                accumulate_part(learner, tokens, &mut record.over(&mut pairs, at)).await?;
                pairs.stats
            }
            RewardObjective::Loss(RewardLoss::Outcome) => {
                let mut texts = Outcome::new(&batch.labels[part.texts.clone()], n)?;
                accumulate_part(learner, tokens, &mut record.over(&mut texts, at)).await?;
                counted(texts.stats)
            }
            RewardObjective::Loss(RewardLoss::Process(_)) => {
                let labels = &batch.labels[part.steps.clone()];
                let mut steps = Process::new(&part.step_ends, labels, batch.labels.len() as f64)?;
                accumulate_part(learner, tokens, &mut record.over(&mut steps, at)).await?;
                counted(steps.stats)
            }
        };
        stats.merge(&of_part);
    }
    let seen_at = |text: usize| if objective.values() { batch.span(text) } else { text..text + 1 };
    zero_grad_on_fault(learner, Guards::answers(place, batch.texts(), seen_at, &record)).await?;
    Ok(stats)
}

async fn accumulate_part<L: Learner<Error: 'static>, O: Objective>(
    learner: &mut L,
    batch: rlhf_core::Batch<'_>,
    objective: &mut O,
) -> Result<(), TrainError> {
    learner.accumulate(batch, objective).await.map_err(TrainError::role("learner")).map(|_| ())
}

/// A label compares right with wrong.
fn counted(labels: Judgments) -> Comparisons {
    Comparisons { loss: labels.loss, pairs: labels.labels, correct: labels.correct }
}
