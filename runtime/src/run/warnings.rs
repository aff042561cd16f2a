//! Warnings from the measurements of finished models: the same for every method.

use super::Answers;
use super::lengths::LengthRule;
use super::summary::RewardModel;
use crate::record::Line;
use crate::statistics::{Interval, distinct_share, mean, share};
use rlhf_train::{Guards, History, Warning};

/// The share of judgments by which a reward model may follow length more often than the votes do.
const MORE: f64 = 0.1;

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
    /// The warnings of this reward model, which made these judgments; `ties` votes were not decided. `explained`: length
    /// explains the votes of the data, so that who follows it has learned them.
    pub(super) fn warnings(&self, judgments: &[JudgedVote], ties: usize, explained: bool) -> Vec<Warning> {
        let Some(accuracy) = self.accuracy else {
            return if ties > 0 { vec![Warning::TiedVotes { votes: ties }] } else { Vec::new() };
        };
        let (value, votes) = (accuracy.value, accuracy.n);
        if accuracy.low <= 0.5 {
            let (low, high) = (accuracy.low, accuracy.high);
            return vec![Warning::Chance { accuracy: value, low, high, votes }];
        }
        let biased = self.longer.filter(|longer| {
            let rule = LengthRule::new(*longer);
            rule.right.low > 0.5
                && rule.right.value >= accuracy.low
                && !better(judgments, &rule)
                && (!explained || follows_more(judgments, &rule))
        });
        let warned =
            biased.map(|longer| Warning::LengthBias { accuracy: value, longer: longer.value, votes });
        warned.into_iter().collect()
    }
}

/// Returns whether the model is surely right more often than the rule, by the votes on which they differ.
fn better(judgments: &[JudgedVote], rule: &LengthRule) -> bool {
    let [model, rule] = split(judgments, |j| [j.margin > 0.0, rule.prefers(j.longer)]);
    share(model, model + rule).is_ok_and(|share| share.low > 0.5)
}

/// Returns whether the model surely prefers what the rule does more often than people do, and by more than a little.
fn follows_more(judgments: &[JudgedVote], rule: &LengthRule) -> bool {
    let preferred = |j: &JudgedVote| if j.margin > 0.0 { j.longer } else { -j.longer };
    let [model, people] = split(judgments, |j| [rule.prefers(preferred(j)), rule.prefers(j.longer)]);
    let more = model.saturating_sub(people) as f64 > MORE * judgments.len() as f64;
    more && share(model, model + people).is_ok_and(|share| share.low > 0.5)
}

/// The number of judgments of which the first alone is true, and the second alone.
fn split(judgments: &[JudgedVote], of: impl Fn(&JudgedVote) -> [bool; 2]) -> [usize; 2] {
    let count = |wanted| judgments.iter().filter(|judgment| of(judgment) == wanted).count();
    [count([true, false]), count([false, true])]
}

/// The warnings of a policy's answers to the held-out prompts, beside the supervised model's.
pub(super) fn answer_warnings(guards: &Guards, before: &Answers, after: &Answers) -> Vec<Warning> {
    let mut warnings = Vec::new();
    if before.responses.tokens == after.responses.tokens && before.responses.ends == after.responses.ends {
        warnings.push(Warning::Unchanged { answers: after.responses.len() });
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Accuracy;
    use rlhf_core::sampling::{FinishReason, Responses};

    /// Answers of these lengths, all different, of which the first `ended` end by themselves.
    fn answers(lengths: &[usize], ended: usize) -> Answers {
        let mut responses = Responses::default();
        for (i, length) in lengths.iter().enumerate() {
            let finish = if i < ended { FinishReason::Eos } else { FinishReason::Length };
            let tokens: Vec<u32> = (0..*length).map(|t| if t == 0 { i as u32 } else { 0 }).collect();
            responses.tokens.extend(tokens);
            responses.log_probs.extend(vec![-1.0; *length]);
            responses.ends.push(responses.tokens.len());
            responses.finish.push(finish);
        }
        let rewards = (0..lengths.len()).map(|i| i as f64).collect();
        Answers { responses, rewards, kl: 1.0 }
    }

    /// Returns the warning with other words.
    fn reworded(of: &Answers) -> Answers {
        let mut other = of.clone();
        other.responses.tokens.iter_mut().for_each(|token| *token += 1000);
        other
    }

    /// The warnings where the policy answers as the supervised model does, in other words.
    fn warned(before: &Answers, after: &Answers) -> Vec<Warning> {
        answer_warnings(&Guards::default(), before, &reworded(after))
    }

    #[test]
    fn a_healthy_policy_is_not_warned_of() {
        let before = answers(&[4; 40], 38);
        assert_eq!(warned(&before, &before), []);
        // A little of everything.
        let after = Answers { kl: 9.0, ..answers(&[6; 40], 36) };
        assert_eq!(warned(&before, &after), []);
        // Of few answers nothing is sure.
        assert_eq!(warned(&answers(&[4; 4], 4), &answers(&[4; 4], 3)), []);
    }

    #[test]
    fn a_policy_that_did_not_move_is_warned_of() {
        let before = answers(&[4; 40], 38);
        let same = answer_warnings(&Guards::default(), &before, &before);
        assert_eq!(same, [Warning::Unchanged { answers: 40 }]);
    }

    #[test]
    fn answers_that_do_not_end_are_warned_of() {
        let before = answers(&[4; 40], 38);
        let none = answers(&[4; 40], 0);
        assert_eq!(warned(&before, &none), [Warning::Ended { now: 0.0, before: 0.95 }]);
        assert_eq!(warned(&none, &none), [Warning::Ended { now: 0.0, before: 0.0 }], "nothing was learned");
        assert_eq!(warned(&before, &answers(&[4; 40], 24)), [Warning::Ended { now: 0.6, before: 0.95 }]);
    }

    #[test]
    fn answers_that_grow_alike_long_or_far_are_warned_of() {
        let before = answers(&[4; 40], 40);
        let mut alike = before.clone();
        alike.responses.tokens.chunks_mut(4).for_each(|answer| answer[0] %= 8);
        assert_eq!(warned(&before, &alike), [Warning::Distinct { now: 0.2, before: 1.0 }]);
        assert_eq!(warned(&alike, &alike), [], "they always were");
        let longer = answers(&[12; 40], 40);
        assert_eq!(warned(&before, &longer), [Warning::Length { now: 12.0, before: 4.0 }]);
        assert_eq!(warned(&longer, &before), [], "shorter");
        let far = Answers { kl: 30.0, ..before.clone() };
        assert_eq!(warned(&before, &far), [Warning::Kl { kl: 30.0, budget: 10.0 }]);
        let tied = |answers: &Answers| Answers { rewards: vec![0.5; 40], ..answers.clone() };
        assert_eq!(warned(&tied(&before), &tied(&before)), [Warning::TiedRewards { answers: 80 }]);
        assert_eq!(warned(&tied(&before), &before), []);
    }

    /// A reward model that made `right` of `all` judgments rightly; on all of them the length decides as `longer` says.
    fn judged(right: usize, all: usize, longer: impl Fn(usize) -> f64) -> Vec<Warning> {
        warned_of(right, all, longer, false)
    }

    fn warned_of(right: usize, all: usize, longer: impl Fn(usize) -> f64, explained: bool) -> Vec<Warning> {
        let votes: Vec<_> = (0..all)
            .map(|i| JudgedVote { margin: if i < right { 1.0 } else { -1.0 }, longer: longer(i) })
            .collect();
        let Interval { value, low, high, n } = share(right, all).unwrap();
        let lengths: Vec<f64> = votes.iter().map(|vote| vote.longer).collect();
        let model = RewardModel {
            accuracy: Some(Accuracy { value, low, high, n, prompts: n }),
            data_sets: vec![],
            calibration: None,
            disagreement: None,
            longer: crate::run::lengths::longer(&lengths),
        };
        model.warnings(&votes, 0, explained)
    }

    #[test]
    fn a_reward_model_at_chance_is_warned_of() {
        let either = |i: usize| if i.is_multiple_of(2) { 1.0 } else { -1.0 };
        assert!(matches!(judged(52, 100, either)[..], [Warning::Chance { votes: 100, .. }]));
        assert!(matches!(judged(20, 100, either)[..], [Warning::Chance { .. }]), "worse than chance");
        assert!(matches!(judged(6, 8, either)[..], [Warning::Chance { .. }]), "of few, nothing is sure");
        assert_eq!(judged(75, 100, either), []);
    }

    #[test]
    fn a_reward_model_that_length_explains_is_warned_of() {
        // Right wherever the longer answer is preferred; and where the shorter one is.
        for sign in [1.0, -1.0] {
            let warned = judged(80, 100, |i| if i < 80 { sign } else { -sign });
            assert!(matches!(warned[..], [Warning::LengthBias { votes: 100, .. }]), "{warned:?}");
        }
        // Length is right on two thirds, the model on those and on most of the others.
        assert_eq!(judged(95, 100, |i| if i < 66 { 1.0 } else { -1.0 }), []);
        assert_eq!(judged(80, 100, |_| 0.0), [], "all have one length");
    }

    #[test]
    fn a_reward_model_of_votes_that_length_explains_may_follow_it_as_far_as_they_do() {
        for sign in [1.0, -1.0] {
            let but = |exceptions: usize| move |i: usize| if i < 100 - exceptions { sign } else { -sign };
            // Wrong on the exceptions alone: it follows length always.
            assert_eq!(warned_of(100, 100, but(0), true), []);
            assert_eq!(warned_of(95, 100, but(5), true), []);
            assert_eq!(warned_of(90, 100, but(10), true), []);
            // Held-out votes of another kind than those it was trained on.
            let warned = warned_of(70, 100, but(30), true);
            assert!(matches!(warned[..], [Warning::LengthBias { votes: 100, .. }]), "{warned:?}");
            assert!(matches!(warned_of(95, 100, but(5), false)[..], [Warning::LengthBias { .. }]));
        }
    }

    #[test]
    fn ties_one_class_and_gold_are_warned_of() {
        let nothing = RewardModel {
            accuracy: None,
            data_sets: vec![],
            calibration: None,
            disagreement: None,
            longer: None,
        };
        assert_eq!(nothing.warnings(&[], 12, false), [Warning::TiedVotes { votes: 12 }]);
        assert_eq!(nothing.warnings(&[], 0, false), [], "nothing was held out");
        assert_eq!(class_warning([1.0; 3].into_iter()), Some(Warning::OneClass { label: 1.0, labels: 3 }));
        assert_eq!(class_warning([1.0, 0.0].into_iter()), None);
        assert_eq!(class_warning([].into_iter()), None);
        let line = |step: u64, gold: f64| Line {
            phase: crate::record::Phase::Ppo,
            step,
            total: 9,
            figures: [("test_reward".to_string(), step as f64), ("test_gold".into(), gold)].into(),
            seconds: 0.1,
            warnings: vec![],
        };
        let lines = |golds: &[f64]| golds.iter().zip(1..).map(|(gold, i)| line(i, *gold)).collect::<Vec<_>>();
        let falls = gold_warning(&Guards::default(), &lines(&[0.5, 0.4, 0.3, 0.2]));
        assert!(matches!(falls, Some(Warning::Gold { since: 3, .. })), "{falls:?}");
        assert_eq!(gold_warning(&Guards::default(), &lines(&[0.5, 0.6, 0.7, 0.8])), None);
    }
}
