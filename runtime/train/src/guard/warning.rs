//! Warnings, after which a run goes on.

use alloc::format;
use alloc::string::String;
use core::fmt;
use serde::{Deserialize, Serialize};

/// A warning: a measurement that makes the result of a run doubtful, with its numbers.
///
/// [`Self::finding`] says what was measured, [`Self::advice`] what to do; as text it is both.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Warning {
    /// The policy's next token is nearly certain: fewer and fewer different answers.
    Entropy {
        /// Now, in nats per token.
        now: f64,
        /// In the first iteration.
        first: f64,
        /// The least that would have passed.
        limit: f64,
    },
    /// The reward rises, what it stands for does not.
    Gold {
        /// The reward where gold was best, and now.
        reward: (f64, f64),
        /// The best gold, and now.
        gold: (f64, f64),
        /// Measurements since gold was best.
        since: usize,
    },
    /// The KL is below 0 by more than chance: the log-probabilities of sampler and reference do not
    /// belong together.
    NegativeKl {
        /// The mean, in nats per response.
        kl: f64,
        /// Its standard error.
        error: f64,
    },
    /// The policy is farther from the reference than its budget ([`Guards::kl_budget`](super::Guards::kl_budget)).
    Kl {
        /// The mean, in nats per response.
        kl: f64,
        /// The budget.
        budget: f64,
    },
    /// Answers do not end by themselves.
    Ended {
        /// The share that ends now.
        now: f64,
        /// The supervised model's share or, within a run, the first iteration's.
        before: f64,
    },
    /// Answers grow alike.
    Distinct {
        /// The share of distinct answers now.
        now: f64,
        /// The supervised model's.
        before: f64,
    },
    /// Lengths run away.
    Length {
        /// The mean length now, in tokens.
        now: f64,
        /// The supervised model's or, within a run, the first iteration's.
        before: f64,
    },
    /// The reward model agrees with held-out judgments no better than chance.
    Chance {
        /// Its accuracy.
        accuracy: f64,
        /// The lower bound of the accuracy's 95 % interval.
        low: f64,
        /// The upper bound.
        high: f64,
        /// The number of judgments.
        votes: usize,
    },
    /// Length alone predicts held-out judgments as well as the reward model does.
    LengthBias {
        /// The reward model's accuracy.
        accuracy: f64,
        /// The accuracy of preferring the longer answer.
        longer: f64,
        /// The number of judgments.
        votes: usize,
    },
    /// All answers are those of the supervised model: the policy has learned nothing.
    Unchanged {
        /// The number of answers.
        answers: usize,
    },
    /// All held-out judgments are ties.
    TiedVotes {
        /// The number of judgments.
        votes: usize,
    },
    /// All answers have the same reward.
    TiedRewards {
        /// The number of answers.
        answers: usize,
    },
    /// All labels or rewards of the data are the same.
    OneClass {
        /// The label or reward that all have.
        label: f64,
        /// The number of labels.
        labels: usize,
    },
}

impl Warning {
    /// The measurement in words: a clause that stands alone and begins with a small letter, such as
    /// `0 % of the answers end by themselves (97 % before)`.
    pub fn finding(&self) -> String {
        let percent = |share: f64| format!("{:.0}\u{a0}%", 100.0 * share);
        match *self {
            Self::Entropy { now, first, limit } => format!(
                "the entropy is {now:.3} nats per token ({first:.3} at first, the limit is {limit:.3}), so that \
                 answers grow alike"
            ),
            Self::Gold { reward: (best, reward), gold: (best_gold, gold), since } => format!(
                "the reward rose from {best:.3} to {reward:.3} while gold did not ({best_gold:.3}, now {gold:.3}) \
                 for {since} measurements"
            ),
            Self::NegativeKl { kl, error } => {
                format!("the KL is {kl:.3} ± {error:.3} nats per answer, which no KL can be")
            }
            Self::Kl { kl, budget } => format!(
                "the policy is {kl:.2} nats per answer away from the reference, beyond its budget of {budget:.2}"
            ),
            Self::Ended { now, before } => {
                format!("{} of the answers end by themselves ({} before)", percent(now), percent(before))
            }
            Self::Distinct { now, before } => {
                format!("{} of the answers are distinct ({} before)", percent(now), percent(before))
            }
            Self::Length { now, before } => {
                format!("answers have {now:.1} tokens on average ({before:.1} before)")
            }
            Self::Chance { accuracy, low, high, votes } => format!(
                "the reward model agrees with {} of {votes} held-out judgments (95\u{a0}% interval {} to {}), \
                 which {}",
                percent(accuracy),
                percent(low),
                percent(high),
                if high < 0.5 { "is worse than chance" } else { "may be chance" }
            ),
            Self::LengthBias { accuracy, longer, votes } => {
                let (rule, right) = if longer > 0.5 { ("longer", longer) } else { ("shorter", 1.0 - longer) };
                format!(
                    "preferring the {rule} answer is right on {} of {votes} held-out judgments, the reward model \
                     on {}",
                    percent(right),
                    percent(accuracy)
                )
            }
            Self::Unchanged { answers } => {
                format!("all {answers} answers are the same as the supervised model's")
            }
            Self::TiedVotes { votes } => format!("all {votes} held-out judgments are ties"),
            Self::TiedRewards { answers } => format!("all {answers} answers have the same reward"),
            Self::OneClass { label, labels } => format!("all {labels} labels are {label}"),
        }
    }

    /// The advice: the meaning of the warning, and what to do, beginning with a capital letter. Settings have the names of
    /// PPO's.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Entropy { .. } => {
                "Lower ppo.policy.learning_rate, add an entropy bonus, or raise β (ppo.controller)"
            }
            Self::Gold { .. } => {
                "The policy exploits the reward: stop where gold was best, or raise β (ppo.controller)"
            }
            Self::NegativeKl { .. } => "Do policy and reference share vocabulary and temperature?",
            Self::Kl { .. } => {
                "The reward means little so far from what it was trained on: train for less long, lower \
                 ppo.policy.learning_rate, or raise β (ppo.controller); guards.kl_budget is the limit"
            }
            Self::Ended { .. } => {
                "A reward of texts that were cut off means little: demonstrate answers that end, give those that \
                 do not a penalty, lower ppo.policy.learning_rate, or allow more tokens (ppo.response)"
            }
            Self::Distinct { .. } => {
                "The policy has found one answer for many prompts: train for less long, lower \
                 ppo.policy.learning_rate, or raise β (ppo.controller)"
            }
            Self::Length { .. } => {
                "Is length what people want? If not, balance the lengths of the comparisons, or raise β \
                 (ppo.controller)"
            }
            Self::Chance { .. } => {
                "Rewards may mean nothing: train the reward model on more comparisons or for longer \
                 (reward.epochs, reward.optimizer.learning_rate), or hold out more to measure it by"
            }
            Self::LengthBias { .. } => {
                "The reward model may have learnt length alone: balance the lengths of the comparisons, and read \
                 the answers"
            }
            Self::Unchanged { .. } => {
                "Nothing was learned: raise ppo.policy.learning_rate, shorten its warm-up, or train for longer"
            }
            Self::TiedVotes { .. } => {
                "Nothing measures the reward model: hold out comparisons in which one answer is better"
            }
            Self::TiedRewards { .. } => {
                "Nothing tells good answers from bad: does the reward read the answer?"
            }
            Self::OneClass { .. } => "Nothing tells good answers from bad: want both kinds",
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}. {}", self.finding(), self.advice())
    }
}
