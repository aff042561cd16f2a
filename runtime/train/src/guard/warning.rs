//! Warnings, after which a run goes on.

use super::Guards;
use crate::IterationReport;
use alloc::vec::Vec;
use core::fmt;
use serde::{Deserialize, Serialize};

/// The measurements of earlier iterations that warnings need. It is part of a run's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct History {
    /// The first iteration's entropy, in nats per token.
    entropy: Option<f64>,
    /// The reward and the gold or held-out reward of each measurement.
    measured: Vec<(f64, f64)>,
}

impl History {
    /// Takes in an iteration, after [`Guards::look`].
    pub fn push(&mut self, seen: &IterationReport) {
        self.entropy.get_or_insert(seen.entropy_estimate);
    }

    /// Takes in the policy's mean reward on some prompts, and on the same what a judge says that the
    /// policy does not learn from: gold, people, a held-out reward model.
    pub fn measure(&mut self, reward: f64, gold: f64) {
        self.measured.push((reward, gold));
    }
}

/// A warning.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Warning {
    /// The policy gives fewer and fewer different answers.
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
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entropy { now, first, limit } => write!(
                f,
                "entropy {now:.3} nats a token, {first:.3} at first, the limit {limit:.3}: answers grow \
                 alike; raise β (ppo.controller) or ppo.entropy, or lower ppo.policy.learning_rate"
            ),
            Self::Gold { reward, gold, since } => write!(
                f,
                "reward rose from {:.3} to {:.3}, gold not since {since} measurements ({:.3}, now {:.3}): the \
                 policy exploits the reward; stop there, or raise β (ppo.controller)",
                reward.0, reward.1, gold.0, gold.1
            ),
            Self::NegativeKl { kl, error } => write!(
                f,
                "KL {kl:.3} ± {error:.3} nats a response, which no KL can be: do policy and reference share \
                 vocabulary and temperature?"
            ),
        }
    }
}

impl Guards {
    /// The warnings after an iteration, given those before it. The faults that stop a run
    /// come as errors, from [`crate::Ppo::iterate`] itself.
    pub fn look(&self, seen: &IterationReport, history: &History) -> Vec<Warning> {
        let mut warnings = Vec::new();
        if let Some(first) = history.entropy {
            let (now, limit) = (seen.entropy_estimate, self.min_entropy * first);
            if now < limit {
                warnings.push(Warning::Entropy { now, first, limit });
            }
        }
        let n = seen.rollouts.len() as f64;
        let squares: f64 = (0..seen.rollouts.len())
            .map(|i| seen.rollouts.log_ratio(i) - seen.kl)
            .map(|apart| apart * apart)
            .sum();
        let error = libm::sqrt(squares / (n - 1.0).max(1.0) / n);
        // Six errors: a mean of few and skewed numbers is not normal.
        if n > 1.0 && seen.kl < -6.0 * error && seen.kl < -1e-3 {
            warnings.push(Warning::NegativeKl { kl: seen.kl, error });
        }
        warnings
    }

    /// The warnings after [`History::measure`].
    pub fn compare(&self, history: &History) -> Option<Warning> {
        let measured = &history.measured;
        let now = measured.last()?;
        // The earliest of equals: standing still is not rising.
        let best = (0..measured.len()).rev().max_by(|&a, &b| measured[a].1.total_cmp(&measured[b].1))?;
        let since = measured.len() - 1 - best;
        let stale = self.patience > 0 && since >= self.patience && now.0 > measured[best].0;
        stale.then(|| Warning::Gold {
            reward: (measured[best].0, now.0),
            gold: (measured[best].1, now.1),
            since,
        })
    }
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
        assert_eq!(measured(&[]), None);
    }
}
