//! The gradient of an optimizer batch.

use super::batch::Groups;
use crate::TrainError;
use crate::guard::{Guards, Place, Watch, zero_grad_on_fault};
use crate::profile::RewardLoss;
use alloc::vec::Vec;
use rlhf_core::maths::{Comparisons, Judgments};
use rlhf_core::objectives::{
    CrossEntropy, Graded, Outcome, Pairwise, PreferencePretraining, Process, Ranked, RankingLoss,
};
use rlhf_core::roles::Learner;
use rlhf_core::{Batch, Objective};

/// What is learnt from a batch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Lesson {
    /// What the settings say.
    Loss(RewardLoss),
    /// What comes before, with the coefficient of its language-model term.
    Before { language: f64 },
}

impl Lesson {
    /// Whether values at tokens are learnt, and not scores of texts.
    fn values(self) -> bool {
        matches!(self, Self::Loss(RewardLoss::Process(_)))
    }
}

/// Accumulates the gradient of `items` rankings, pairs or solutions, and returns what they showed: a label
/// counts as a comparison.
pub(super) async fn accumulate<L: Learner<Error: 'static>>(
    learner: &mut L,
    groups: &Groups,
    lesson: Lesson,
    items: usize,
    place: Place,
) -> Result<Comparisons, TrainError> {
    let n = items as f64;
    let mut watch = Watch::new(if lesson.values() { groups.tokens.len() } else { groups.ends.len() });
    let mut seen = Comparisons::default();
    for shown in groups.shown() {
        let batch = shown.part.batch()?;
        let at = if lesson.values() { shown.part.span.clone() } else { shown.texts.clone() };
        let ranks = &groups.ranks[shown.texts.clone()];
        let stats = match lesson {
            Lesson::Before { language } => {
                let tokens = groups.loss_mask.iter().filter(|counts| **counts).count().max(1) as f64;
                let mut both = PreferencePretraining {
                    comparisons: Pairwise::new(n)?,
                    language: CrossEntropy::weighted(tokens, language)?,
                };
                show(learner, batch, &mut watch.over(&mut both, at)).await?;
                let nats = language * both.language.nats / tokens;
                Comparisons { loss: both.comparisons.stats.loss + nats, ..both.comparisons.stats }
            }
            Lesson::Loss(RewardLoss::KWise(ties)) => {
                let mut ranked = Ranked::new(ranks, &shown.ends, RankingLoss::KWise(ties), n)?;
                show(learner, batch, &mut watch.over(&mut ranked, at)).await?;
                ranked.stats
            }
            Lesson::Loss(RewardLoss::PlackettLuce(stages)) => {
                let mut ranked = Ranked::new(ranks, &shown.ends, RankingLoss::PlackettLuce(stages), n)?;
                show(learner, batch, &mut watch.over(&mut ranked, at)).await?;
                ranked.stats
            }
            Lesson::Loss(RewardLoss::Pairwise { centering, margin }) => {
                let scale = margin.unwrap_or(0.0) as f32;
                let margins: Vec<f32> =
                    groups.margins[shown.groups.clone()].iter().map(|m| scale * m).collect();
                let mut pairs = Pairwise::new(n)?.with_centering(centering)?;
                if margin.is_some() {
                    pairs = pairs.with_margin(&margins)?;
                }
                show(learner, batch, &mut watch.over(&mut pairs, at)).await?;
                pairs.stats
            }
            Lesson::Loss(RewardLoss::Graded(grading)) => {
                let cuts = grading.cuts();
                let grades = &groups.grades[shown.groups.clone()];
                let mut pairs = Graded::new(grades, grading.grades(&cuts), n)?;
                show(learner, batch, &mut watch.over(&mut pairs, at)).await?;
                pairs.stats
            }
            Lesson::Loss(RewardLoss::Outcome) => {
                let mut texts = Outcome::new(&groups.labels[shown.texts.clone()], n)?;
                show(learner, batch, &mut watch.over(&mut texts, at)).await?;
                counted(texts.stats)
            }
            Lesson::Loss(RewardLoss::Process(_)) => {
                let labels = &groups.labels[shown.steps.clone()];
                let mut steps = Process::new(&shown.step_ends, labels, groups.labels.len() as f64)?;
                show(learner, batch, &mut watch.over(&mut steps, at)).await?;
                counted(steps.stats)
            }
        };
        seen.merge(&stats);
    }
    let seen_at = |text: usize| if lesson.values() { groups.span(text) } else { text..text + 1 };
    zero_grad_on_fault(learner, Guards::answers(place, groups.texts(), seen_at, &watch)).await?;
    Ok(seen)
}

async fn show<L: Learner<Error: 'static>, O: Objective>(
    learner: &mut L,
    batch: Batch<'_>,
    objective: &mut O,
) -> Result<(), TrainError> {
    learner.accumulate(batch, objective).await.map_err(TrainError::role("learner")).map(|_| ())
}

/// A label compares right with wrong.
fn counted(labels: Judgments) -> Comparisons {
    Comparisons { loss: labels.loss, pairs: labels.labels, correct: labels.correct }
}
