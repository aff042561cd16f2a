//! A line of `metrics.jsonl`.

use super::Phase;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What an optimiser step or, for PPO, an iteration measured: a line of `metrics.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// Where the run was.
    pub phase: Phase,
    /// Which step or iteration, from 1.
    pub step: u64,
    /// Of how many.
    pub total: u64,
    /// What was measured, by the names of [`FIGURES`]. What could not be is left out.
    pub figures: BTreeMap<String, f64>,
    /// How long the step took: all else in a line is the same whenever the run is repeated.
    pub seconds: f64,
}

/// A figure that lines hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figure {
    /// Its name.
    pub name: &'static str,
    /// What it is in.
    pub unit: &'static str,
    /// What it says, for a reader of a report.
    pub what: &'static str,
}

const fn figure(name: &'static str, unit: &'static str, what: &'static str) -> Figure {
    Figure { name, unit, what }
}

/// All figures, with their units.
pub const FIGURES: &[Figure] = &[
    figure("loss", "nats", "the loss: per token in pretraining and step 1, per prompt in step 2"),
    figure("gradient", "", "the gradient's global norm before clipping (PPO: the policy's, its last step's)"),
    figure("learning_rate", "", "the learning rate (PPO: the policy's)"),
    figure("accuracy", "share", "comparisons of this batch that the network orders as people did"),
    figure("margin", "nats", "by how much the policy prefers what people chose, times β"),
    figure("chosen_log_ratio", "nats", "the mean of ln p − ln p_reference of chosen responses"),
    figure("rejected_log_ratio", "nats", "the mean of ln p − ln p_reference of rejected responses"),
    figure("win_rate", "share", "responses that are preferred to the opponent's"),
    figure("divergence", "nats", "how far the student is from its teacher, per token"),
    figure("action_error", "reward²", "the mean squared error of the values of tokens"),
    figure("weight", "", "the mean importance weight of logged responses"),
    figure("effective", "share", "as what share of the logged responses the weighted ones count"),
    figure("reward", "reward", "the mean score of a rollout's responses, or of a log's, before any penalty"),
    figure("kept", "share", "responses that were kept to be imitated"),
    figure("kept_reward", "reward", "their mean score"),
    figure("gain", "reward", "by how much a step within the trust region raised the surrogate"),
    figure("backtracks", "", "how often such a step was shortened"),
    figure("kl", "nats", "the mean over responses of Σ (ln p − ln p_reference)"),
    figure("beta", "reward/nat", "the KL coefficient"),
    figure("length", "tokens", "the mean length of a response"),
    figure("ended", "share", "responses that ended by themselves"),
    figure("entropy", "nats", "the mean of −ln p over response tokens, an estimate of the entropy"),
    figure("clip_fraction", "share", "tokens whose ratio the clip cut"),
    figure("ratio_min", "", "the smallest ratio of new to old probability"),
    figure("ratio_max", "", "the greatest ratio of new to old probability"),
    figure("policy_kl", "nats", "the KL of the policy from the one that wrote the rollout, per token"),
    figure("value_loss", "reward²", "the value loss"),
    figure("value_clip_fraction", "share", "values that the clip cut"),
    figure("explained_variance", "share", "the share of the returns' variance that the critic foresaw"),
    figure("test_kl", "nats", "the KL on the test prompts"),
    figure("test_gold", "gold", "the mean gold on the test prompts, which no model sees"),
    figure("test_reward", "reward", "the mean reward on the test prompts"),
    figure("pretraining_loss", "nats", "the cross-entropy of the pretraining mix, per token"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use rlhf_core::diagnostics::DIAGNOSTICS;

    #[test]
    fn what_the_core_measures_has_the_same_unit_here() {
        let shared = FIGURES.iter().filter_map(|f| Some((f, DIAGNOSTICS.iter().find(|d| d.name == f.name)?)));
        for (figure, diagnostic) in shared.clone() {
            assert_eq!(figure.unit, diagnostic.unit, "{}", figure.name);
        }
        assert!(shared.count() >= 12, "names have drifted apart");
    }
}
