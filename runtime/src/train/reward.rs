//! Step 2: a reward model from rankings.

use super::examples::{Part, parts};
use super::{Passes, Step, TOKENS_AT_ONCE, TrainError};
use rlhf_core::Ragged;
use rlhf_core::maths::Comparisons;
use rlhf_core::objectives::{KWise, Pairwise};
use rlhf_core::profile::{RewardLoss, RewardModel};
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
    fn pairs(&self) -> Vec<(usize, usize)> {
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
}

impl Groups {
    fn push(&mut self, texts: &[(&[u32], u32)]) {
        for (text, rank) in texts {
            self.tokens.extend_from_slice(text);
            self.ends.push(self.tokens.len());
            self.ranks.push(*rank);
        }
        self.groups.push(self.ends.len());
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
/// [`TrainError::Nothing`] without a comparison; the learner's own.
pub async fn reward_model<L: Learner<Error: 'static>>(
    learner: &mut L,
    rankings: &[Ranking],
    settings: &RewardModel,
    seed: u64,
    on_step: &mut dyn FnMut(Step, &Comparisons),
) -> Result<(), TrainError> {
    // What a batch is counted in: prompts, or pairs of answers.
    let items: Vec<(usize, Option<(usize, usize)>)> = match settings.loss {
        RewardLoss::KWise(_) => {
            (0..rankings.len()).filter(|&i| !rankings[i].pairs().is_empty()).map(|i| (i, None)).collect()
        }
        RewardLoss::Pairwise { .. } => (0..rankings.len())
            .flat_map(|i| rankings[i].pairs().into_iter().map(move |pair| (i, Some(pair))))
            .collect(),
    };
    if items.is_empty() {
        return Err(TrainError::Nothing { what: "comparisons" });
    }
    let batch = (settings.batch.unwrap_or(64) as usize).clamp(1, items.len());
    let per_epoch = items.len().div_ceil(batch);
    let total = per_epoch as u64 * u64::from(settings.epochs);
    let schedule = settings.optimiser.schedule(total, 1);
    schedule.validate()?;
    let mut passes = Passes::new(Key::new(seed, Stream::Shuffle, 1 << 16), items.len());
    for step in 0..total {
        let in_epoch = step as usize % per_epoch;
        let count = batch.min(items.len() - in_epoch * batch);
        let mut groups = Groups::default();
        for item in passes.take(count) {
            let (i, pair) = items[item];
            let Ranking { texts, ranks } = &rankings[i];
            let all: Vec<(&[u32], u32)> = match pair {
                Some((better, worse)) => vec![(&texts[better][..], 0), (&texts[worse][..], 1)],
                None => texts.iter().map(Vec::as_slice).zip(ranks.iter().copied()).collect(),
            };
            groups.push(&all);
        }
        let seen = accumulate(learner, &groups, settings.loss, count as f64).await?;
        let update = settings.optimiser.update(&schedule, step);
        let gradient = learner.step(&update).await.map_err(TrainError::role("learner"))?;
        let learning_rate = update.learning_rate;
        on_step(Step { step: step + 1, total, loss: seen.loss, gradient, learning_rate }, &seen);
    }
    Ok(())
}

async fn accumulate<L: Learner<Error: 'static>>(
    learner: &mut L,
    groups: &Groups,
    loss: RewardLoss,
    denominator: f64,
) -> Result<Comparisons, TrainError> {
    let owed = vec![false; groups.tokens.len()];
    let mut seen = Comparisons::default();
    for range in groups.parts() {
        let first = if range.start == 0 { 0 } else { groups.groups[range.start - 1] };
        let texts = first..groups.groups[range.end - 1];
        let part = Part::new(&groups.tokens, &groups.ends, &owed, texts.clone());
        let failed = TrainError::role("learner");
        match loss {
            RewardLoss::KWise(ties) => {
                let ends: Vec<usize> = groups.groups[range].iter().map(|end| end - first).collect();
                let mut objective = KWise::new(&groups.ranks[texts], &ends, ties, denominator)?;
                learner.accumulate(part.batch()?, &mut objective).await.map_err(failed)?;
                seen.merge(&objective.stats);
            }
            RewardLoss::Pairwise { centring } => {
                let mut objective = Pairwise::new(denominator)?.with_centring(centring)?;
                learner.accumulate(part.batch()?, &mut objective).await.map_err(failed)?;
                seen.merge(&objective.stats);
            }
        }
    }
    Ok(seen)
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
    for ranking in rankings {
        let texts: Vec<(&[u32], u32)> = ranking.texts.iter().map(|text| (&text[..], 0)).collect();
        groups.push(&texts);
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
