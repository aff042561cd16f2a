//! Passes over some data under one loss.

use super::batch::Groups;
use super::data::{Ranking, Solution};
use super::loss::{Lesson, accumulate};
use crate::batches::Batches;
use crate::guard::{Fault, Offender, Place};
use crate::profile::{Optimizer, RewardLoss};
use crate::{Step, TrainError};
use alloc::vec::Vec;
use rlhf_core::maths::{Comparisons, Schedule};
use rlhf_core::random::Key;
use rlhf_core::roles::Learner;

/// What is learnt from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Data<'a> {
    Rankings(&'a [Ranking]),
    Solutions(&'a [Solution]),
}

/// What a batch is counted in.
#[derive(Clone, Copy, Debug)]
pub(super) enum Item {
    /// A ranking or a solution.
    Whole(usize),
    /// Two of a ranking's answers, the better one first.
    Pair(usize, (usize, usize)),
}

#[derive(Clone, Debug)]
pub(super) struct Course<'a> {
    data: Data<'a>,
    items: Vec<Item>,
    lesson: Lesson,
    optimizer: Optimizer,
    schedule: Schedule,
    batches: Batches,
}

impl<'a> Course<'a> {
    /// `epochs` passes over `items`, `batch` at a time.
    pub fn new(
        data: Data<'a>,
        items: Vec<Item>,
        lesson: Lesson,
        (batch, epochs): (u32, u32),
        optimizer: Optimizer,
        key: Key,
    ) -> Result<Self, TrainError> {
        if items.is_empty() {
            let what = match data {
                Data::Rankings(_) => "comparisons",
                Data::Solutions(_) => "labels",
            };
            return Err(TrainError::Nothing { what });
        }
        let batches = Batches::new(key, items.len(), batch, epochs);
        let schedule = optimizer.schedule(batches.total(), 1);
        schedule.validate()?;
        Ok(Self { data, items, lesson, optimizer, schedule, batches })
    }

    /// How many steps it has.
    pub fn total(&self) -> u64 {
        self.batches.total()
    }

    /// Leaves out steps that were taken before.
    pub fn skip_steps(&mut self, steps: u64) {
        self.batches.skip_steps(steps);
    }

    /// The next step, counted on from those of courses `before` it.
    pub async fn step<L: Learner<Error: 'static>>(
        &mut self,
        learner: &mut L,
        before: u64,
    ) -> Result<Option<(Step, Comparisons)>, TrainError> {
        let Some((step, chosen)) = self.batches.next() else { return Ok(None) };
        let mut groups = Groups::default();
        for &item in &chosen {
            self.show(self.items[item], &mut groups);
        }
        let place = Place::Step(before + step + 1);
        let seen = accumulate(learner, &groups, self.lesson, chosen.len(), place).await?;
        let update = self.optimizer.update(&self.schedule, step);
        let gradient = learner.step(&update).await.map_err(|error| {
            let all = groups.texts().map(|(text, from)| Offender::answer(text, from, None));
            Fault::refused(place, "learner", error, all.collect())
        })?;
        let (total, learning_rate) = (self.total(), update.learning_rate);
        Ok(Some((Step { step: before + step + 1, total, loss: seen.loss, gradient, learning_rate }, seen)))
    }

    /// Appends an item to what is shown at once.
    fn show(&self, item: Item, groups: &mut Groups) {
        match (self.data, item) {
            (Data::Rankings(rankings), Item::Whole(i)) => {
                let Ranking { texts, ranks, .. } = &rankings[i];
                let all: Vec<_> = (0..texts.len()).map(|j| (j, &texts[j][..], ranks[j])).collect();
                groups.push(i, &all);
            }
            (Data::Rankings(rankings), Item::Pair(i, (better, worse))) => {
                let Ranking { texts, ranks, margin, degree } = &rankings[i];
                groups.push(i, &[(better, &texts[better], 0), (worse, &texts[worse], 1)]);
                groups.margins.push(*margin);
                let degree = if ranks[better] == ranks[worse] { 0 } else { (*degree).max(1) };
                if let Lesson::Loss(RewardLoss::Graded(grading)) = self.lesson {
                    groups.grades.push(grading.grade(degree));
                }
                if let Lesson::Before { .. } = self.lesson {
                    groups.owe_the_first_of_two();
                }
            }
            (Data::Solutions(solutions), Item::Whole(i) | Item::Pair(i, _)) => {
                let (solution, start) = (&solutions[i], groups.tokens.len());
                groups.push(i, &[(0, solution.text(), 0)]);
                if let Lesson::Loss(RewardLoss::Process(_)) = self.lesson {
                    groups.steps.extend(solution.steps().map(|(end, _)| start + end));
                    groups.labels.extend(solution.steps().map(|(_, label)| label));
                } else {
                    groups.labels.push(solution.outcome());
                }
            }
        }
    }
}
