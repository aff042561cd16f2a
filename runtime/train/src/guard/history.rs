//! Warnings from the measurements of a run, as it goes on.

use super::{Guards, Warning};
use crate::IterationReport;
use alloc::vec::Vec;
use serde::{Deserialize, Serialize};

/// The share of gold's rise that it has to lose before the reward is called exploited.
const FALL: f64 = 0.1;

/// The measurements of earlier iterations that warnings need. It is part of a run's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct History {
    /// The first iteration's entropy, in nats per token.
    entropy: Option<f64>,
    /// The first iteration's mean length of a response, in tokens; checkpoints of earlier versions have none.
    #[serde(default)]
    length: Option<f64>,
    /// The first iteration's share of responses that ended by themselves; checkpoints of earlier versions have none.
    #[serde(default)]
    ended: Option<f64>,
    /// The reward and the gold or held-out reward of each measurement.
    measured: Vec<(f64, f64)>,
}

impl History {
    /// Takes in an iteration, after [`Guards::look`].
    pub fn push(&mut self, report: &IterationReport) {
        self.entropy.get_or_insert(report.entropy_estimate);
        self.length.get_or_insert(report.length);
        self.ended.get_or_insert(report.ended);
    }

    /// Takes in the policy's mean reward on some prompts, and on the same what a judge says that the
    /// policy does not learn from: gold, people, a held-out reward model.
    pub fn measure(&mut self, reward: f64, gold: f64) {
        self.measured.push((reward, gold));
    }
}

impl Guards {
    /// The warnings after an iteration, given those before it. The faults that stop a run
    /// come as errors, from [`crate::Ppo::iterate`] itself.
    pub fn look(&self, report: &IterationReport, history: &History) -> Vec<Warning> {
        let (mut warnings, n) = (Vec::new(), report.rollouts.len() as f64);
        if let Some(first) = history.entropy {
            let (now, limit) = (report.entropy_estimate, self.min_entropy * first);
            if now < limit {
                warnings.push(Warning::Entropy { now, first, limit });
            }
        }
        // Two standard errors: an iteration has few responses.
        let chance = libm::sqrt(self.min_ended * (1.0 - self.min_ended) / n.max(1.0));
        if report.ended < self.min_ended - 2.0 * chance {
            let before = history.ended.unwrap_or(report.ended);
            warnings.push(Warning::Ended { now: report.ended, before });
        }
        if let Some(before) = history.length.filter(|before| self.grown(*before, report.length)) {
            warnings.push(Warning::Length { now: report.length, before });
        }
        if report.kl > self.kl_budget {
            warnings.push(Warning::Kl { kl: report.kl, budget: self.kl_budget });
        }
        if let [first, others @ ..] = report.rollouts.scores()
            && !others.is_empty()
            && others.iter().all(|score| score == first)
        {
            warnings.push(Warning::TiedRewards { answers: report.rollouts.len() });
        }
        warnings.extend(negative_kl(report));
        warnings
    }

    /// Returns whether answers have become so much longer that a warning is due.
    pub fn grown(&self, before: f64, now: f64) -> bool {
        self.max_growth > 0.0 && now > self.max_growth * before
    }

    /// The warnings after [`History::measure`].
    pub fn compare(&self, history: &History) -> Option<Warning> {
        let measured = &history.measured;
        let now = measured.last()?;
        // The earliest of equals: standing still is not rising.
        let best = (0..measured.len()).rev().max_by(|&a, &b| measured[a].1.total_cmp(&measured[b].1))?;
        let since = measured.len() - 1 - best;
        // Gold that rests near where it rose to is no loss.
        let lost = measured[best].1 - now.1 >= FALL * (measured[best].1 - measured[0].1);
        let stale = self.patience > 0 && since >= self.patience && now.0 > measured[best].0 && lost;
        stale.then(|| Warning::Gold {
            reward: (measured[best].0, now.0),
            gold: (measured[best].1, now.1),
            since,
        })
    }
}

/// Warns of a KL that is below 0 by more than chance.
fn negative_kl(report: &IterationReport) -> Option<Warning> {
    let n = report.rollouts.len() as f64;
    let squares: f64 = (0..report.rollouts.len())
        .map(|i| report.rollouts.log_ratio(i) - report.kl)
        .map(|apart| apart * apart)
        .sum();
    let error = libm::sqrt(squares / (n - 1.0).max(1.0) / n);
    // Six errors: a mean of few and skewed numbers is not normal.
    let below = n > 1.0 && report.kl < -6.0 * error && report.kl < -1e-3;
    below.then_some(Warning::NegativeKl { kl: report.kl, error })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    fn measured(all: &[(f64, f64)]) -> Option<Warning> {
        let mut history = History::default();
        all.iter().for_each(|&(reward, gold)| history.measure(reward, gold));
        Guards::default().compare(&history)
    }

    #[test]
    fn reward_without_gold_is_warned_of_when_patience_ends() {
        let hacked = [(0.0, 0.5), (1.0, 0.7), (2.0, 0.7), (3.0, 0.6), (4.0, 0.6)];
        assert_eq!(measured(&hacked[..4]), None);
        let warning = measured(&hacked).unwrap();
        assert_eq!(warning, Warning::Gold { reward: (1.0, 4.0), gold: (0.7, 0.6), since: 3 });
        assert!(warning.to_string().contains("β"), "{warning}");
        assert_eq!(measured(&[(0.0, 0.5), (1.0, 0.6), (2.0, 0.7), (3.0, 0.8), (4.0, 0.9)]), None);
        // Neither rises: the run has come to rest.
        assert_eq!(measured(&[(1.0, 0.7), (0.9, 0.6), (0.9, 0.6), (1.0, 0.6)]), None);
        // Gold rests near its best; or it never rose.
        assert_eq!(measured(&[(0.0, 0.5), (1.0, 0.7), (2.0, 0.69), (3.0, 0.69), (4.0, 0.69)]), None);
        assert!(measured(&[(0.0, 0.5), (1.0, 0.5), (2.0, 0.5), (3.0, 0.5)]).is_some());
        assert_eq!(measured(&[]), None);
    }
}
