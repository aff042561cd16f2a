//! Length as an explanation of people's votes.

use super::datasets::Set;
use super::rewards::AnswerVotes;
use crate::report::format::percent;
use crate::statistics::{Interval, win_rate};
use rlhf_data::Vote;

/// The share of votes from which on length explains them.
const EXPLAINED: f64 = 0.9;

/// The rule that predicts votes by length alone: of the longer and the shorter answer, the one that people prefer more
/// often.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct LengthRule {
    /// True where the rule is to prefer the longer answer.
    pub longer: bool,
    /// The share of votes that it predicts; equal lengths count half.
    pub right: Interval,
}

impl LengthRule {
    /// The rule where the longer answer is preferred in this share of votes.
    pub fn new(longer: Interval) -> Self {
        let Interval { value, low, high, n } = longer;
        if value >= 0.5 {
            return Self { longer: true, right: longer };
        }
        Self { longer: false, right: Interval { value: 1.0 - value, low: 1.0 - high, high: 1.0 - low, n } }
    }

    /// The rule for all votes of these data sets, held-out ones included; `None` without a vote.
    pub fn of(comparisons: &[Set<AnswerVotes>]) -> Option<Self> {
        let all = comparisons.iter().flat_map(|set| set.train.iter().chain(&set.held_out));
        let differences: Vec<f64> = all.flat_map(length_differences).collect();
        longer(&differences).map(Self::new)
    }

    /// Returns whether length explains the votes: who learns nothing else has learned what they say.
    pub fn explains(&self) -> bool {
        self.right.value >= EXPLAINED && self.right.low > 0.5
    }

    /// Returns whether the rule prefers an answer that is so many tokens longer than the other.
    pub fn prefers(&self, longer: f64) -> bool {
        if self.longer { longer > 0.0 } else { longer < 0.0 }
    }

    /// The remark on votes that length explains.
    pub fn remark(&self) -> Option<String> {
        let answer = if self.longer { "longer" } else { "shorter" };
        self.explains().then(|| {
            format!(
                "your comparisons prefer the {answer} answer in {} of {} votes: length is what is learnt from them; \
                 where that is not what is meant, compare answers of like length",
                percent(self.right.value),
                self.right.n
            )
        })
    }
}

/// The share of votes that prefer the longer answer, by the differences of the lengths; `None` without a vote.
pub(super) fn longer(differences: &[f64]) -> Option<Interval> {
    win_rate(differences, &vec![0.0; differences.len()]).ok()
}

/// By how many tokens the preferred answer is the longer one, vote by vote without ties.
pub(super) fn length_differences(judged: &AnswerVotes) -> impl Iterator<Item = f64> {
    let length = |i: usize| judged.texts[i].len() as f64;
    judged.votes.iter().filter_map(move |vote| match *vote {
        Vote::Prefers { winner, loser } => Some(length(winner) - length(loser)),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(differences: &[f64]) -> LengthRule {
        LengthRule::new(longer(differences).unwrap())
    }

    #[test]
    fn the_better_rule_of_two_explains_from_nine_tenths_on() {
        let of = |longer: usize, all: usize| {
            (0..all).map(|i| if i < longer { 3.0 } else { -1.0 }).collect::<Vec<_>>()
        };
        let long = rule(&of(36, 40));
        assert!(long.longer && long.explains() && long.prefers(1.0) && !long.prefers(0.0));
        assert!(long.remark().unwrap().contains("the longer answer in 90\u{a0}% of 40 votes"));
        let short = rule(&of(1, 40));
        assert!(!short.longer && short.explains() && short.prefers(-1.0) && !short.prefers(0.0));
        assert!(short.remark().unwrap().contains("the shorter answer in 98\u{a0}% of 40 votes"), "{short:?}");
        assert_eq!(rule(&of(35, 40)).remark(), None);
        assert!(!rule(&of(2, 2)).explains(), "two votes are chance");
        assert!(!rule(&[0.0; 40]).explains(), "equal lengths count half");
        assert_eq!(longer(&[]), None);
    }
}
