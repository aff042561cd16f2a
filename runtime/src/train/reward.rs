//! Step 2: a reward model from rankings.

use super::batches::Batches;
use super::examples::{Part, parts};
use super::guard::{Fault, Offender, Place, Watch, forget};
use super::{Guards, Step, TOKENS_AT_ONCE, TrainError};
use rlhf_core::Ragged;
use rlhf_core::maths::{Comparisons, Schedule};
use rlhf_core::objectives::{KWise, Pairwise, PlackettLuce};
use rlhf_core::profile::{self, Optimiser, RewardLoss};
use rlhf_core::random::{Key, Stream};
use rlhf_core::roles::{Learner, Reward};

/// A prompt's answers, ranked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranking {
    /// Each answer, with its prompt before it.
    pub texts: Vec<Vec<u32>>,
    /// Each answer's rank; smaller is better, equal ranks are ties.
    pub ranks: Vec<u32>,
}

impl Ranking {
    /// Pairs of answers, the better one first; ties are left out.
    pub(crate) fn pairs(&self) -> Vec<(usize, usize)> {
        let k = self.ranks.len();
        let all = (0..k).flat_map(|i| (0..k).map(move |j| (i, j)));
        all.filter(|&(i, j)| self.ranks[i] < self.ranks[j]).collect()
    }
}

/// Texts end to end, in groups that may not be split.
#[derive(Default)]
struct Groups {
    tokens: Vec<u32>,
    ends: Vec<usize>,
    /// One past each group's last text.
    groups: Vec<usize>,
    ranks: Vec<u32>,
    /// Which ranking's each text is, and which of its answers.
    from: Vec<(usize, usize)>,
}

impl Groups {
    fn push(&mut self, ranking: usize, texts: &[(usize, &[u32], u32)]) {
        for (answer, text, rank) in texts {
            self.tokens.extend_from_slice(text);
            self.ends.push(self.tokens.len());
            self.ranks.push(*rank);
            self.from.push((ranking, *answer));
        }
        self.groups.push(self.ends.len());
    }

    /// Each text, and where it is from.
    fn texts(&self) -> impl ExactSizeIterator<Item = (&[u32], (usize, usize))> {
        (0..self.ends.len()).map(|i| {
            let start = if i == 0 { 0 } else { self.ends[i - 1] };
            (&self.tokens[start..self.ends[i]], self.from[i])
        })
    }

    /// Ranges of groups with at most so many tokens.
    fn parts(&self) -> Vec<core::ops::Range<usize>> {
        let ends: Vec<usize> = self.groups.iter().map(|&texts| self.ends[texts - 1]).collect();
        parts(&ends, TOKENS_AT_ONCE)
    }
}

/// Learns to score answers in the order that people gave them, under the loss of `settings`. A
/// batch is `settings.batch` prompts with all their answers (64 where the reference leaves it open),
/// or as many pairs.
///
/// # Errors
/// [`TrainError::Nothing`] without a comparison; [`TrainError::Guard`] where a number is not finite; the
/// learner's own.
pub async fn reward_model<L: Learner<Error: 'static>>(
    learner: &mut L,
    rankings: &[Ranking],
    settings: &profile::RewardModel,
    seed: u64,
    on_step: &mut dyn FnMut(Step, &Comparisons),
) -> Result<(), TrainError> {
    let mut steps = RewardModel::new(rankings, settings, seed)?;
    while let Some((step, seen)) = steps.step(learner).await? {
        on_step(step, &seen);
    }
    Ok(())
}

/// [`reward_model`] step by step, for a caller that wants to look, save or stop between two.
#[derive(Clone, Debug)]
pub struct RewardModel<'a> {
    rankings: &'a [Ranking],
    /// What a batch is counted in: prompts, or pairs of answers.
    items: Vec<(usize, Option<(usize, usize)>)>,
    loss: RewardLoss,
    optimiser: Optimiser,
    schedule: Schedule,
    batches: Batches,
}

impl<'a> RewardModel<'a> {
    /// At the first step.
    ///
    /// # Errors
    /// [`TrainError::Nothing`] without a comparison; [`TrainError::Core`] names the setting that is
    /// out of range.
    pub fn new(
        rankings: &'a [Ranking],
        settings: &profile::RewardModel,
        seed: u64,
    ) -> Result<Self, TrainError> {
        let pairs = rankings.iter().map(Ranking::pairs).enumerate();
        let items: Vec<_> = match settings.loss {
            RewardLoss::KWise(_) | RewardLoss::PlackettLuce(_) => {
                pairs.filter(|(_, pairs)| !pairs.is_empty()).map(|(i, _)| (i, None)).collect()
            }
            RewardLoss::Pairwise { .. } => {
                pairs.flat_map(|(i, pairs)| pairs.into_iter().map(move |pair| (i, Some(pair)))).collect()
            }
        };
        if items.is_empty() {
            return Err(TrainError::Nothing { what: "comparisons" });
        }
        let key = Key::new(seed, Stream::Shuffle, 1 << 16);
        let batches = Batches::new(key, items.len(), settings.batch.unwrap_or(64), settings.epochs);
        let optimiser = settings.optimiser;
        let schedule = optimiser.schedule(batches.total(), 1);
        schedule.validate()?;
        Ok(Self { rankings, items, loss: settings.loss, optimiser, schedule, batches })
    }

    /// Goes on after `steps` steps that were taken before, by a learner that remembers them.
    pub fn after(mut self, steps: u64) -> Self {
        self.batches.leave_out(steps);
        self
    }

    /// The next step, and the comparisons that it saw; `None` when all are done.
    ///
    /// # Errors
    /// The learner's own.
    pub async fn step<L: Learner<Error: 'static>>(
        &mut self,
        learner: &mut L,
    ) -> Result<Option<(Step, Comparisons)>, TrainError> {
        let Some((step, chosen)) = self.batches.next() else { return Ok(None) };
        let mut groups = Groups::default();
        for &item in &chosen {
            let (i, pair) = self.items[item];
            let Ranking { texts, ranks } = &self.rankings[i];
            let all: Vec<(usize, &[u32], u32)> = match pair {
                Some((better, worse)) => vec![(better, &texts[better], 0), (worse, &texts[worse], 1)],
                None => (0..texts.len()).map(|j| (j, &texts[j][..], ranks[j])).collect(),
            };
            groups.push(i, &all);
        }
        let place = Place::Step(step + 1);
        let seen = accumulate(learner, &groups, self.loss, chosen.len() as f64, place).await?;
        let update = self.optimiser.update(&self.schedule, step);
        let gradient = learner.step(&update).await.map_err(|error| {
            let all = groups.texts().map(|(text, from)| Offender::answer(text, from, None));
            Fault::refused(place, "learner", error, all.collect())
        })?;
        let (total, learning_rate) = (self.batches.total(), update.learning_rate);
        Ok(Some((Step { step: step + 1, total, loss: seen.loss, gradient, learning_rate }, seen)))
    }
}

async fn accumulate<L: Learner<Error: 'static>>(
    learner: &mut L,
    groups: &Groups,
    loss: RewardLoss,
    denominator: f64,
    place: Place,
) -> Result<Comparisons, TrainError> {
    let owed = vec![false; groups.tokens.len()];
    let mut seen = Comparisons::default();
    let mut watch = Watch::new(groups.ends.len());
    for range in groups.parts() {
        let first = if range.start == 0 { 0 } else { groups.groups[range.start - 1] };
        let texts = first..groups.groups[range.end - 1];
        let part = Part::new(&groups.tokens, &groups.ends, &owed, texts.clone());
        let failed = TrainError::role("learner");
        let ends: Vec<usize> = groups.groups[range].iter().map(|end| end - first).collect();
        match loss {
            RewardLoss::KWise(ties) => {
                let mut objective = KWise::new(&groups.ranks[texts.clone()], &ends, ties, denominator)?;
                let mut watched = watch.over(&mut objective, texts);
                learner.accumulate(part.batch()?, &mut watched).await.map_err(failed)?;
                seen.merge(&objective.stats);
            }
            RewardLoss::PlackettLuce(stages) => {
                let mut objective =
                    PlackettLuce::new(&groups.ranks[texts.clone()], &ends, stages, denominator)?;
                let mut watched = watch.over(&mut objective, texts);
                learner.accumulate(part.batch()?, &mut watched).await.map_err(failed)?;
                seen.merge(&objective.stats);
            }
            RewardLoss::Pairwise { centring } => {
                let mut objective = Pairwise::new(denominator)?.with_centring(centring)?;
                let mut watched = watch.over(&mut objective, texts);
                learner.accumulate(part.batch()?, &mut watched).await.map_err(failed)?;
                seen.merge(&objective.stats);
            }
        }
    }
    match Guards::answers(place, groups.texts(), &watch) {
        Ok(()) => Ok(seen),
        Err(fault) => Err(forget(learner, fault).await),
    }
}

/// Scores of texts, in parts that fit.
pub(super) async fn score<R: Reward<Error: 'static>>(
    reward: &mut R,
    sequences: Ragged<'_>,
) -> Result<Vec<f32>, TrainError> {
    let mut scores = vec![0.0; sequences.len()];
    for texts in parts(sequences.ends(), TOKENS_AT_ONCE) {
        let start = sequences.span(texts.start).start;
        let ends: Vec<usize> = sequences.ends()[texts.clone()].iter().map(|end| end - start).collect();
        let tokens = &sequences.tokens()[start..start + ends[ends.len() - 1]];
        let part = Ragged::new(tokens, &ends)?;
        reward.score(part, &mut scores[texts]).await.map_err(TrainError::role("reward"))?;
    }
    Ok(scores)
}

/// How many comparisons a reward model orders as people did, and how many there are: ties among
/// people are left out, equal scores are wrong.
///
/// # Errors
/// The reward model's own.
pub async fn ranking_accuracy<R: Reward<Error: 'static>>(
    reward: &mut R,
    rankings: &[Ranking],
) -> Result<(usize, usize), TrainError> {
    let margins = ranking_margins(reward, rankings).await?;
    Ok((margins.iter().filter(|margin| **margin > 0.0).count(), margins.len()))
}

/// What a reward model says to each comparison that is no tie: the score of the answer that people
/// prefer, less the other's.
///
/// # Errors
/// The reward model's own.
pub async fn ranking_margins<R: Reward<Error: 'static>>(
    reward: &mut R,
    rankings: &[Ranking],
) -> Result<Vec<f64>, TrainError> {
    let mut groups = Groups::default();
    for (i, ranking) in rankings.iter().enumerate() {
        let texts: Vec<_> = ranking.texts.iter().enumerate().map(|(j, text)| (j, &text[..], 0)).collect();
        groups.push(i, &texts);
    }
    let scores = score(reward, Ragged::new(&groups.tokens, &groups.ends)?).await?;
    let (mut margins, mut first) = (Vec::new(), 0);
    for ranking in rankings {
        for (better, worse) in ranking.pairs() {
            margins.push(f64::from(scores[first + better]) - f64::from(scores[first + worse]));
        }
        first += ranking.texts.len();
    }
    Ok(margins)
}
