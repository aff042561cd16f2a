//! Step 2: a reward model, from comparisons or from labels.

mod batch;
mod data;
mod loss;
mod measure;
mod phase;
mod side_by_side;

use alloc::vec;
use alloc::vec::Vec;
pub use data::{Ranking, Solution};
pub(super) use measure::score;
pub use measure::{ranking_accuracy, ranking_margins, step_margins};
pub use side_by_side::SideBySide;

use super::{Step, TrainError};
use crate::profile::{self, Passes, RewardLoss};
use loss::RewardObjective;
use phase::{Data, Item, Items, Phase};
use rlhf_core::Error;
use rlhf_core::loss::Comparisons;
use rlhf_core::random::{Key, Stream};
use rlhf_core::roles::Learner;

/// Learns to score answers in the order that people gave them, under the loss of `settings`. A
/// batch is `settings.batch` prompts with all their answers (64 where the reference leaves it open),
/// or as many pairs.
///
/// # Errors
/// [`RewardModel::new`]'s and [`RewardModel::step`]'s.
pub async fn reward_model<L: Learner<Error: 'static>>(
    learner: &mut L,
    rankings: &[Ranking],
    settings: &profile::RewardModel,
    seed: u64,
    on_step: &mut dyn FnMut(Step, &Comparisons),
) -> Result<(), TrainError> {
    RewardModel::new(rankings, settings, seed)?.run(learner, on_step).await
}

/// [`reward_model`] step by step, for a caller that looks, saves or stops between two steps; also from labels,
/// and after pretraining.
///
/// ```
/// # fn main() -> Result<(), Box<dyn core::error::Error>> {
/// # let network = rlhf_core::model::Architecture::gpt2(10, 8, 8, 1, 2);
/// # let mut model = rlhf_cpu::Model::random(&rlhf_cpu::Cpu::default(), network, 1)?.with_scalar_head(0.0, 1)?;
/// use rlhf_train::{RewardModel, Solution, now};
/// use rlhf_train::profile::{Profile, RewardLoss};
/// let mut settings = Profile::default().reward;
/// settings.loss = RewardLoss::Outcome;
/// let solutions = [Solution::whole(vec![7, 8, 9], 1.0)?, Solution::whole(vec![7, 9, 8], 0.0)?];
/// now(RewardModel::labeled(&solutions, &settings, 1)?.run(&mut model, &mut |_, _| {}))?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct RewardModel<'a> {
    /// Pretraining, where the settings have it, and training.
    phases: Vec<Phase<'a>>,
}

/// Pairs or prompts an optimizer step, where the reference leaves it open.
const BATCH: u32 = 64;

impl<'a> RewardModel<'a> {
    /// At the first step, on rankings.
    ///
    /// # Errors
    /// [`TrainError::Nothing`] without a comparison; [`TrainError::Core`] names the setting that is
    /// out of range, or the loss if it learns from labels.
    pub fn new(
        rankings: &'a [Ranking],
        settings: &profile::RewardModel,
        seed: u64,
    ) -> Result<Self, TrainError> {
        if settings.loss.labels() {
            let known = "k_wise, pairwise, plackett_luce, graded";
            return Err(Error::Unknown { name: "the loss for rankings", known }.into());
        }
        let unranked = |ranking: &&Ranking| ranking.ranks.len() != ranking.texts.len();
        if let Some(Ranking { texts, ranks, .. }) = rankings.iter().find(unranked) {
            return Err(Error::Shape { name: "ranks", want: texts.len(), got: ranks.len() }.into());
        }
        let all = rankings.iter().enumerate();
        let items = match settings.loss {
            RewardLoss::Pairwise { .. } => pairs(all, Ranking::pairs),
            RewardLoss::Graded(_) => pairs(all, Ranking::pairs_and_ties),
            _ => {
                all.filter(|(_, ranking)| !ranking.pairs().is_empty()).map(|(i, _)| Item::Whole(i)).collect()
            }
        };
        Self::only(Data::Rankings(rankings), items, settings, seed)
    }

    /// At the first step, on labels.
    ///
    /// # Errors
    /// [`TrainError::Nothing`] without a label; [`TrainError::Core`] names the setting that is out of
    /// range, or the loss if it learns from comparisons.
    pub fn labeled(
        solutions: &'a [Solution],
        settings: &profile::RewardModel,
        seed: u64,
    ) -> Result<Self, TrainError> {
        if !settings.loss.labels() {
            return Err(Error::Unknown { name: "the loss for labels", known: "outcome, process" }.into());
        }
        let items = (0..solutions.len()).map(Item::Whole).collect();
        Self::only(Data::Solutions(solutions), items, settings, seed)
    }

    fn only(
        data: Data<'a>,
        items: Vec<Item>,
        settings: &profile::RewardModel,
        seed: u64,
    ) -> Result<Self, TrainError> {
        settings.validate()?;
        let key = Key::new(seed, Stream::Shuffle, 1 << 16);
        let passes = Passes {
            epochs: settings.epochs,
            batch: settings.batch.unwrap_or(BATCH),
            dropout: 0.0,
            optimizer: settings.optimizer,
        };
        let items = Items { data, items, objective: RewardObjective::Loss(settings.loss) };
        Ok(Self { phases: vec![Phase::new(items, &passes, key)?] })
    }

    /// Adds the settings' preference-model pretraining, if they have one, on the pairs of `comparisons`.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn pretrained_on(
        mut self,
        comparisons: &'a [Ranking],
        settings: &profile::RewardModel,
        seed: u64,
    ) -> Result<Self, TrainError> {
        let Some(before) = settings.pretraining else { return Ok(self) };
        let items = pairs(comparisons.iter().enumerate(), Ranking::pairs);
        let key = Key::new(seed, Stream::Shuffle, 3 << 15);
        let passes = Passes {
            epochs: before.epochs,
            batch: settings.batch.unwrap_or(BATCH),
            dropout: 0.0,
            optimizer: settings.before(&before),
        };
        let objective = RewardObjective::Pretraining { language: before.language };
        let items = Items { data: Data::Rankings(comparisons), items, objective };
        self.phases.insert(0, Phase::new(items, &passes, key)?);
        Ok(self)
    }

    /// The number of steps, those of the pretraining included.
    pub fn total(&self) -> u64 {
        self.phases.iter().map(Phase::total).sum()
    }

    /// Continues after `steps` steps, with the learner and its optimizer of that time.
    pub fn after(mut self, mut steps: u64) -> Self {
        for phase in &mut self.phases {
            let here = steps.min(phase.total());
            phase.skip_steps(here);
            steps -= here;
        }
        self
    }

    /// The next step, and statistics of its comparisons or labels; `None` at the end of the run.
    ///
    /// # Errors
    /// [`TrainError::Guard`] where a number is not finite; the learner's own.
    pub async fn step<L: Learner<Error: 'static>>(
        &mut self,
        learner: &mut L,
    ) -> Result<Option<(Step, Comparisons)>, TrainError> {
        let total = self.total();
        let mut before = 0;
        for phase in &mut self.phases {
            if let Some((step, stats)) = phase.step(learner, before).await? {
                return Ok(Some((Step { total, ..step }, stats)));
            }
            before += phase.total();
        }
        Ok(None)
    }

    /// Takes all remaining steps.
    ///
    /// # Errors
    /// As [`Self::step`].
    pub async fn run<L: Learner<Error: 'static>>(
        mut self,
        learner: &mut L,
        on_step: &mut dyn FnMut(Step, &Comparisons),
    ) -> Result<(), TrainError> {
        while let Some((step, stats)) = self.step(learner).await? {
            on_step(step, &stats);
        }
        Ok(())
    }
}

/// The pairs of all rankings.
fn pairs<'a>(
    rankings: impl Iterator<Item = (usize, &'a Ranking)>,
    of: fn(&Ranking) -> Vec<(usize, usize)>,
) -> Vec<Item> {
    rankings
        .flat_map(|(i, ranking)| {
            of(ranking).into_iter().map(move |(better, worse)| Item::Pair { ranking: i, better, worse })
        })
        .collect()
}
