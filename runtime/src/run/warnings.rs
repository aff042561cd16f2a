//! Warnings from the measurements of finished models: the same for every method.

use super::Answers;
use super::summary::RewardModel;
use crate::record::Line;
use crate::statistics::{Interval, distinct_share, mean, share};
use rlhf_train::{Guards, History, Warning};

/// A drop in the share of answers that end, below which nobody is warned.
const DROP: f64 = 0.1;

/// A reward model's judgment on a vote that is decided.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct JudgedVote {
    /// The score of the answer that people preferred, less the other's.
    pub margin: f64,
    /// The length of the answer that people preferred, less the other's, in tokens; 0 where no lengths are compared.
    pub longer: f64,
}

impl RewardModel {
    /// The warnings of this reward model, which made these judgments; `ties` votes were not decided.
    pub(super) fn warnings(&self, judgments: &[JudgedVote], ties: usize) -> Vec<Warning> {
        let Some(accuracy) = self.accuracy else {
            return if ties > 0 { vec![Warning::TiedVotes { votes: ties }] } else { Vec::new() };
        };
        let (value, votes) = (accuracy.value, accuracy.n);
        if accuracy.low <= 0.5 {
            let (low, high) = (accuracy.low, accuracy.high);
            return vec![Warning::Chance { accuracy: value, low, high, votes }];
        }
        let biased = self.longer.filter(|longer| {
            // The rule that is the better one of two: the longer answer, or the shorter one.
            let (sign, right) = if longer.value >= 0.5 { (1.0, *longer) } else { (-1.0, mirrored(longer)) };
            right.low > 0.5 && right.value >= accuracy.low && !better(judgments, sign)
        });
        let warned =
            biased.map(|longer| Warning::LengthBias { accuracy: value, longer: longer.value, votes });
        warned.into_iter().collect()
    }
}

/// The interval of the opposite share.
fn mirrored(of: &Interval) -> Interval {
    Interval { value: 1.0 - of.value, low: 1.0 - of.high, high: 1.0 - of.low, n: of.n }
}

/// Returns whether the model is surely right more often than the rule that prefers the longer (`sign` 1) or the shorter
/// answer (−1), by the votes on which they differ.
fn better(judgments: &[JudgedVote], sign: f64) -> bool {
    let rights = |j: &JudgedVote| (j.margin > 0.0, j.longer * sign > 0.0);
    let model = judgments.iter().filter(|j| rights(j) == (true, false)).count();
    let rule = judgments.iter().filter(|j| rights(j) == (false, true)).count();
    share(model, model + rule).is_ok_and(|share| share.low > 0.5)
}

/// The warnings of a policy's answers to the held-out prompts, beside the supervised model's.
pub(super) fn answer_warnings(guards: &Guards, before: &Answers, after: &Answers) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if fewer_end(guards, before, after) {
        warnings.push(Warning::Ended { now: after.ended(), before: before.ended() });
    }
    if fewer_differ(guards, before, after) {
        warnings.push(Warning::Distinct { now: after.distinct(), before: before.distinct() });
    }
    if guards.grown(before.length(), after.length()) && surely_longer(before, after) {
        warnings.push(Warning::Length { now: after.length(), before: before.length() });
    }
    if after.kl > guards.kl_budget {
        warnings.push(Warning::Kl { kl: after.kl, budget: guards.kl_budget });
    }
    if all_equal(&before.rewards, &after.rewards) {
        warnings.push(Warning::TiedRewards { answers: before.rewards.len() + after.rewards.len() });
    }
    warnings
}

/// The warning of a reward that rose while gold did not, by the measurements on the way.
pub(super) fn gold_warning(guards: &Guards, lines: &[Line]) -> Option<Warning> {
    let mut history = History::default();
    for line in lines {
        if let (Some(reward), Some(gold)) = (line.figures.get("test_reward"), line.figures.get("test_gold")) {
            history.measure(*reward, *gold);
        }
    }
    guards.compare(&history)
}

/// The warning of data in which all rewards are the same.
pub(super) fn class_warning(rewards: impl Iterator<Item = f32>) -> Option<Warning> {
    let all: Vec<f32> = rewards.collect();
    let first = *all.first()?;
    all.iter()
        .all(|reward| *reward == first)
        .then(|| Warning::OneClass { label: first.into(), labels: all.len() })
}

/// Returns whether too few answers end, or surely fewer than before.
fn fewer_end(guards: &Guards, before: &Answers, after: &Answers) -> bool {
    let surely_fewer = || match (share_of(before.ended(), before), share_of(after.ended(), after)) {
        (Some(before), Some(after)) => after.high < before.low,
        _ => false,
    };
    let (was, is) = (before.ended(), after.ended());
    guards.min_ended > 0.0 && (is < guards.min_ended || (was - is >= DROP && surely_fewer()))
}

/// Returns whether surely too few answers differ.
fn fewer_differ(guards: &Guards, before: &Answers, after: &Answers) -> bool {
    let limit = guards.min_distinct * before.distinct();
    share_of(after.distinct(), after).is_some_and(|share| share.high < limit)
}

/// Returns whether the answers are longer by more than two standard errors, prompt by prompt.
fn surely_longer(before: &Answers, after: &Answers) -> bool {
    let length = |answers: &Answers, i: usize| answers.responses.response(i).len() as f64;
    let both = before.responses.len().min(after.responses.len());
    let apart: Vec<f64> = (0..both).map(|i| length(after, i) - length(before, i)).collect();
    mean(&apart).is_ok_and(|apart| apart.value > 2.0 * apart.error)
}

/// The share among the answers, with its interval.
fn share_of(value: f64, answers: &Answers) -> Option<Interval> {
    let n = answers.responses.len();
    share((value * n as f64).round() as usize, n).ok()
}

fn all_equal(some: &[f64], others: &[f64]) -> bool {
    let mut all = some.iter().chain(others);
    let Some(first) = all.next() else { return false };
    all.all(|reward| reward == first)
}

impl Answers {
    /// The share of distinct answers: 1 when no two are equal.
    pub fn distinct(&self) -> f64 {
        distinct_share((0..self.responses.len()).map(|i| self.responses.response(i)))
    }
}
