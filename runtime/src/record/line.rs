//! A line of `metrics.jsonl`.

use super::{Phase, RunWarning};
use rlhf_core::diagnostics::DIAGNOSTICS;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The measurements of an optimizer step or, where there are rollouts, an iteration: a line of `metrics.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// The phase of the run.
    pub phase: Phase,
    /// The number of the step or iteration, from 1.
    pub step: u64,
    /// The number of steps or iterations in all.
    pub total: u64,
    /// The figures, by the names of [`FIGURES`]. Those that could not be measured are left out.
    pub figures: BTreeMap<String, f64>,
    /// The time that the step took, in seconds. Everything else is the same whenever the run is repeated.
    pub seconds: f64,
    /// The warnings that the figures gave rise to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<RunWarning>,
}

pub use rlhf_core::diagnostics::Diagnostic as Figure;

const fn figure(name: &'static str, unit: &'static str, what: &'static str) -> Figure {
    Figure { name, unit, what }
}

/// The figures that the core's diagnostics do not have.
const OWN: &[Figure] = &[
    figure("loss", "nats", "the loss: per token in pretraining and step 1, per prompt in step 2"),
    figure("gradient", "", "the gradient's global norm before clipping (PPO: the policy's, its last step's)"),
    figure("learning_rate", "", "the learning rate; of an iteration, the policy's at its last step"),
    figure("margin", "nats", "by how much the policy prefers what people chose, times β"),
    figure("chosen_log_ratio", "nats", "the mean of ln p − ln p_reference of chosen responses"),
    figure("rejected_log_ratio", "nats", "the mean of ln p − ln p_reference of rejected responses"),
    figure("win_rate", "share", "responses that are preferred to the opponent's"),
    figure("divergence", "nats", "how far the student is from its teacher, per token"),
    figure("action_error", "reward²", "the mean squared error of the values of tokens"),
    figure("weight", "", "the mean importance weight of logged responses"),
    figure("effective", "share", "as what share of the logged responses the weighted ones count"),
    figure("kept", "share", "responses that were kept to be imitated"),
    figure("kept_reward", "reward", "their mean score"),
    figure("gain", "reward", "by how much a step within the trust region raised the surrogate"),
    figure("backtracks", "", "how often such a step was shortened"),
    figure("beta", "reward/nat", "the KL coefficient"),
    figure("distinct", "share", "distinct ones among the answers to the held-out prompts"),
    figure("test_kl", "nats", "the KL on the test prompts"),
    figure("test_gold", "gold", "the mean gold on the test prompts, which no model sees"),
    figure("test_reward", "reward", "the mean reward on the test prompts"),
    figure("pretraining_loss", "nats", "the cross-entropy of the pretraining mix, per token"),
];

/// All figures, with their units: the core's diagnostics and those that only runs have.
pub const FIGURES: &[Figure] = &joined::<{ OWN.len() + DIAGNOSTICS.len() }>();

const fn joined<const N: usize>() -> [Figure; N] {
    let mut all = [OWN[0]; N];
    let mut i = 0;
    while i < N {
        all[i] = if i < OWN.len() { OWN[i] } else { DIAGNOSTICS[i - OWN.len()] };
        i += 1;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_name_says_one_thing_and_says_it() {
        let names: BTreeSet<_> = FIGURES.iter().map(|figure| figure.name).collect();
        assert_eq!(names.len(), FIGURES.len());
        assert!(FIGURES.iter().all(|figure| !figure.what.is_empty()));
    }
}
