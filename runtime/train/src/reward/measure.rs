//! The scores of a reward model, and its accuracy.

use super::data::{Ranking, Solution};
use crate::examples::{Examples, parts};
use crate::{TOKENS_AT_ONCE, TrainError};
use alloc::vec;
use alloc::vec::Vec;
use rlhf_core::Ragged;
use rlhf_core::roles::{Critic, Reward};

/// Scores of texts, in parts that fit.
pub(crate) async fn score<R: Reward<Error: 'static>>(
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

/// The number of comparisons that a reward model orders as people did, and the number of all comparisons. Ties among
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

/// The margin of a reward model at each comparison that is no tie: the score of the answer that people prefer, less
/// the other's.
///
/// # Errors
/// The reward model's own.
pub async fn ranking_margins<R: Reward<Error: 'static>>(
    reward: &mut R,
    rankings: &[Ranking],
) -> Result<Vec<f64>, TrainError> {
    let mut all = Examples::default();
    for text in rankings.iter().flat_map(|ranking| &ranking.texts) {
        all.push(text, &[])?;
    }
    let scores = score(reward, all.sequences()?).await?;
    let (mut margins, mut first) = (Vec::new(), 0);
    for ranking in rankings {
        for (better, worse) in ranking.pairs() {
            margins.push(f64::from(scores[first + better]) - f64::from(scores[first + worse]));
        }
        first += ranking.texts.len();
    }
    Ok(margins)
}

/// The margin of a reward model at each label of a step that is not ½: the step's logit, negated where the step
/// is wrong. Positive ones agree. Of [`Solution::whole`], that is the score.
///
/// # Errors
/// The model's own.
pub async fn step_margins<C: Critic<Error: 'static>>(
    critic: &mut C,
    solutions: &[Solution],
) -> Result<Vec<f64>, TrainError> {
    let mut all = Examples::default();
    for solution in solutions {
        all.push(solution.text(), &[])?;
    }
    let sequences = all.sequences()?;
    let mut values = vec![0.0; sequences.tokens().len()];
    for part in all.parts(TOKENS_AT_ONCE) {
        let out = &mut values[part.span.clone()];
        critic.values(part.batch()?.sequences(), out).await.map_err(TrainError::role("critic"))?;
    }
    let mut margins = Vec::new();
    for (i, solution) in solutions.iter().enumerate() {
        let start = sequences.span(i).start;
        let labels = solution.steps().filter(|(_, label)| *label != 0.5);
        margins.extend(labels.map(|(end, label)| {
            let value = f64::from(values[start + end]);
            if label > 0.5 { value } else { -value }
        }));
    }
    Ok(margins)
}
