//! A phase of training: passes over some data under one loss.

use super::batch::{Answer, Batch};
use super::data::{Ranking, Solution};
use super::loss::{RewardObjective, accumulate};
use crate::batches::Batches;
use crate::guard::{Offender, Place};
use crate::profile::{Passes, RewardLoss};
use crate::scheduled_optimizer::{OptimizerStep, ScheduledOptimizer};
use crate::{Step, TrainError};
use alloc::vec::Vec;
use rlhf_core::loss::Comparisons;
use rlhf_core::random::Key;
use rlhf_core::roles::Learner;

/// The data of a phase.
#[derive(Clone, Copy, Debug)]
pub(super) enum Data<'a> {
    Rankings(&'a [Ranking]),
    Solutions(&'a [Solution]),
}

/// The unit that a batch is counted in.
#[derive(Clone, Copy, Debug)]
pub(super) enum Item {
    /// A ranking or a solution.
    Whole(usize),
    /// Two answers of a ranking.
    Pair { ranking: usize, better: usize, worse: usize },
}

/// The items of a phase, and the loss that they are learnt under.
#[derive(Clone, Debug)]
pub(super) struct Items<'a> {
    pub data: Data<'a>,
    pub items: Vec<Item>,
    pub objective: RewardObjective,
}

/// A phase of training: passes over items, with an optimizer step for each batch.
#[derive(Clone, Debug)]
pub(super) struct Phase<'a> {
    items: Items<'a>,
    optimizer: ScheduledOptimizer,
    batches: Batches,
}

impl<'a> Phase<'a> {
    /// At the first step; `key` is that of the order.
    pub fn new(items: Items<'a>, passes: &Passes, key: Key) -> Result<Self, TrainError> {
        if items.items.is_empty() {
            let what = match items.data {
                Data::Rankings(_) => "comparisons",
                Data::Solutions(_) => "labels",
            };
            return Err(TrainError::Nothing { what });
        }
        let batches = Batches::new(key, items.items.len(), passes.batch, passes.epochs);
        let optimizer = ScheduledOptimizer::new(passes.optimizer, batches.total(), 1)?;
        Ok(Self { items, optimizer, batches })
    }

    /// The number of steps.
    pub fn total(&self) -> u64 {
        self.batches.total()
    }

    /// Skips the next `steps` steps.
    pub fn skip_steps(&mut self, steps: u64) {
        self.batches.skip_steps(steps);
    }

    /// The next step, numbered after the `before` steps of earlier phases; `None` at the end of the phase.
    pub async fn step<L: Learner<Error: 'static>>(
        &mut self,
        learner: &mut L,
        before: u64,
    ) -> Result<Option<(Step, Comparisons)>, TrainError> {
        let Some((step, indices)) = self.batches.next() else { return Ok(None) };
        let mut batch = Batch::default();
        for &i in &indices {
            self.items.push_to(&mut batch, self.items.items[i]);
        }
        let number = before + step + 1;
        let place = Place::Step(number);
        let stats = accumulate(learner, &batch, self.items.objective, indices.len(), place).await?;
        let all = || batch.texts().map(|(text, from)| Offender::answer(text, from, None)).collect();
        let OptimizerStep { gradient, learning_rate } =
            self.optimizer.step(learner, "learner", step, place, all).await?;
        let (total, loss) = (self.total(), stats.loss);
        Ok(Some((Step { step: number, total, loss, gradient, learning_rate }, stats)))
    }
}

impl Items<'_> {
    /// Appends an item to a batch.
    fn push_to(&self, batch: &mut Batch, item: Item) {
        match (self.data, item) {
            (Data::Rankings(rankings), Item::Whole(i)) => {
                let Ranking { texts, ranks, .. } = &rankings[i];
                let answer = |j: usize| Answer { index: j, text: &texts[j], rank: ranks[j] };
                batch.push(i, (0..texts.len()).map(answer));
            }
            (Data::Rankings(rankings), Item::Pair { ranking: i, better, worse }) => {
                let Ranking { texts, ranks, margin, degree } = &rankings[i];
                let answer = |index: usize, rank| Answer { index, text: &texts[index], rank };
                batch.push(i, [answer(better, 0), answer(worse, 1)]);
                batch.margins.push(*margin);
                let degree = if ranks[better] == ranks[worse] { 0 } else { (*degree).max(1) };
                if let RewardObjective::Loss(RewardLoss::Graded(grading)) = self.objective {
                    batch.grades.push(grading.grade(degree));
                }
                if let RewardObjective::Pretraining { .. } = self.objective {
                    batch.learn_language_of_chosen();
                }
            }
            (Data::Solutions(solutions), Item::Whole(i) | Item::Pair { ranking: i, .. }) => {
                let (solution, start) = (&solutions[i], batch.tokens.len());
                batch.push(i, [Answer { index: 0, text: solution.text(), rank: 0 }]);
                if let RewardObjective::Loss(RewardLoss::Process(_)) = self.objective {
                    batch.steps.extend(solution.steps().map(|(end, _)| start + end));
                    batch.labels.extend(solution.steps().map(|(_, label)| label));
                } else {
                    batch.labels.push(solution.outcome());
                }
            }
        }
    }
}
