//! A reward model against held-out votes and labels.

use super::datasets::Set;
use super::lengths::{LengthRule, length_differences, longer};
use super::measure::scores;
use super::rewards::AnswerVotes;
use super::summary::{Accuracy, DatasetAccuracy, RewardModel};
use super::warnings::JudgedVote;
use crate::engine::{Model, Scorer};
use crate::statistics::{Calibration, Interval, calibration, share};
use rlhf_data::Vote;
use rlhf_train::{Examples, Solution, TrainError, Warning, now, step_margins};

/// Measures the reward model on each data set: accuracy, certainty, and the disagreement of an ensemble's members.
/// Several members are measured by the mean of their scores. Returns the warnings beside the results.
pub(super) fn judged(
    scorer: &mut Scorer,
    comparisons: &[Set<AnswerVotes>],
    solutions: &[Set<Solution>],
) -> Result<(RewardModel, Vec<Warning>), TrainError> {
    let (mut all, mut lengths, mut prompts, mut data_sets) = (Vec::new(), Vec::new(), 0, Vec::new());
    let compared = comparisons.iter().map(|set| (&set.counts, margins(scorer, |m| votes(m, &set.held_out))));
    let compared: Vec<_> = compared.collect();
    let solved = solutions
        .iter()
        .map(|set| (&set.counts, margins(scorer, |model| now(step_margins(model, &set.held_out)))));
    for (counts, of_set) in compared.into_iter().chain(solved) {
        let of_set = of_set?;
        let (name, format) = (counts.name.clone(), counts.format);
        data_sets.push(DatasetAccuracy { name, format, accuracy: accuracy(&of_set, counts.held_out)? });
        all.extend(of_set);
        prompts += counts.held_out;
    }
    let mut texts = Examples::default();
    let answers = comparisons.iter().flat_map(|set| &set.held_out).flat_map(|judged| &judged.texts);
    let solved = solutions.iter().flat_map(|set| &set.held_out).map(Solution::text);
    for text in answers.map(Vec::as_slice).chain(solved) {
        texts.push(text, &[])?;
    }
    let disagreement = disagreement(scorer, &texts)?;
    comparisons.iter().for_each(|set| lengths.extend(set.held_out.iter().flat_map(length_differences)));
    let model = RewardModel {
        accuracy: accuracy(&all, prompts)?,
        data_sets,
        calibration: trust(&all)?,
        disagreement,
        longer: longer(&lengths),
    };
    let votes = comparisons.iter().flat_map(|set| &set.held_out).flat_map(|judged| &judged.votes);
    let ties = votes.filter(|vote| !matches!(vote, Vote::Prefers { .. })).count();
    let lengths = lengths.iter().copied().chain(core::iter::repeat(0.0));
    let judgments = all.iter().zip(lengths).map(|(margin, longer)| JudgedVote { margin: *margin, longer });
    let explained = LengthRule::of(comparisons).is_some_and(|rule| rule.explains());
    let warnings = model.warnings(&judgments.collect::<Vec<_>>(), ties, explained);
    Ok((model, warnings))
}

/// The mean deviation of the members' rewards of a text; `None` of one alone, or without a text.
fn disagreement(scorer: &mut Scorer, texts: &Examples) -> Result<Option<f64>, TrainError> {
    if scorer.members() == 1 {
        return Ok(None);
    }
    scorer.take_disagreement();
    scores(scorer, texts)?;
    let seen = scorer.take_disagreement();
    Ok((seen.texts > 0).then(|| seen.mean_deviation()))
}

/// The mean over the members' scores.
fn margins(
    scorer: &mut Scorer,
    mut of: impl FnMut(&mut Model) -> Result<Vec<f64>, TrainError>,
) -> Result<Vec<f64>, TrainError> {
    let (n, mut mean) = (scorer.members() as f64, Vec::new());
    for model in scorer.models_mut() {
        let numbers = of(model)?;
        mean.resize(numbers.len(), 0.0);
        mean.iter_mut().zip(numbers).for_each(|(mean, number)| *mean += number / n);
    }
    Ok(mean)
}

/// Returns the reward model's margins on people's votes without ties: the winner's score less the loser's.
fn votes(model: &mut Model, judged: &[AnswerVotes]) -> Result<Vec<f64>, TrainError> {
    let mut texts = Examples::default();
    for text in judged.iter().flat_map(|j| &j.texts) {
        texts.push(text, &[])?;
    }
    let scores = scores(model, &texts)?;
    let (mut margins, mut first) = (Vec::new(), 0);
    for j in judged {
        for vote in &j.votes {
            if let Vote::Prefers { winner, loser } = *vote {
                margins.push(scores[first + winner] - scores[first + loser]);
            }
        }
        first += j.texts.len();
    }
    Ok(margins)
}

/// The share of votes agreed with, equal scores wrong; `None` without a vote.
fn accuracy(margins: &[f64], prompts: usize) -> Result<Option<Accuracy>, TrainError> {
    if margins.is_empty() {
        return Ok(None);
    }
    let Interval { value, low, high, n } =
        share(margins.iter().filter(|m| **m > 0.0).count(), margins.len())?;
    Ok(Some(Accuracy { value, low, high, n, prompts }))
}

/// Measures the calibration; `None` without a vote.
fn trust(margins: &[f64]) -> Result<Option<Calibration>, TrainError> {
    if margins.is_empty() {
        return Ok(None);
    }
    let votes: Vec<_> = margins.iter().map(|margin| (*margin, 1.0)).collect();
    Ok(Some(calibration(&votes)?))
}
