/// A value that statistics show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The name.
    pub name: &'static str,
    /// The unit; empty for a plain number.
    pub unit: &'static str,
    /// The meaning.
    pub what: &'static str,
}

const fn diagnostic(name: &'static str, unit: &'static str, what: &'static str) -> Diagnostic {
    Diagnostic { name, unit, what }
}

/// All values, with their units. Standard errors count responses as independent, their tokens not.
pub const DIAGNOSTICS: &[Diagnostic] = &[
    diagnostic(
        "kl",
        "nats",
        "KL from the reference by k1: the mean over responses of Σ (ln p − ln p_reference)",
    ),
    diagnostic("kl_error", "nats", "the standard error of kl"),
    diagnostic("kl_k2", "nats²", "the same by k2: the mean over responses of Σ ½(ln p − ln p_reference)²"),
    diagnostic("kl_k2_error", "nats²", "the standard error of kl_k2"),
    diagnostic("kl_k3", "nats", "the same by k3, which is never negative"),
    diagnostic("kl_k3_error", "nats", "the standard error of kl_k3"),
    diagnostic("kl_exact", "nats", "the same over whole distributions, not sampled tokens"),
    diagnostic("kl_exact_error", "nats", "the standard error of kl_exact"),
    diagnostic("token_kl", "nats", "KL from the reference by k1, per token"),
    diagnostic("token_kl_error", "nats", "the standard error of token_kl"),
    diagnostic("token_kl_k2", "nats²", "the same by k2, per token"),
    diagnostic("token_kl_k2_error", "nats²", "the standard error of token_kl_k2"),
    diagnostic("token_kl_k3", "nats", "the same by k3, per token"),
    diagnostic("token_kl_k3_error", "nats", "the standard error of token_kl_k3"),
    diagnostic("token_kl_exact", "nats", "the same over whole distributions, per token"),
    diagnostic("token_kl_exact_error", "nats", "the standard error of token_kl_exact"),
    diagnostic(
        "effective_samples",
        "samples",
        "how many equally weighted samples the weighted ones are worth",
    ),
    diagnostic("effective_share", "share", "effective_samples over the number of samples"),
    diagnostic("weight_max", "share", "the greatest weight's share of all weight"),
    diagnostic("length", "tokens", "the mean length of a response"),
    diagnostic("length_max", "tokens", "the longest response"),
    diagnostic("ended", "share", "responses that ended by themselves"),
    diagnostic("truncated", "share", "responses cut off at the longest length: the others"),
    diagnostic("entropy", "nats", "the mean of −ln p over response tokens, an estimate of the entropy"),
    diagnostic("reward", "reward", "the mean score of responses, before any penalty"),
    diagnostic("reward_clip", "reward", "what clipping the score adds, the mean over responses"),
    diagnostic("reward_missing_end", "reward", "what a missing end adds, the mean over responses"),
    diagnostic("reward_overlong", "reward", "what being too long adds, the mean over responses"),
    diagnostic("reward_kl", "reward", "what the KL penalty adds, the mean over responses"),
    diagnostic("reward_total", "reward", "the sum of these: the mean over responses of all rewards"),
    diagnostic("clip_fraction", "share", "tokens whose ratio the clip cut"),
    diagnostic("dual_clip_fraction", "share", "tokens whose loss the dual clip held"),
    diagnostic("ratio", "", "the mean ratio of new to old probability"),
    diagnostic("ratio_min", "", "the smallest ratio of new to old probability"),
    diagnostic("ratio_max", "", "the greatest ratio of new to old probability"),
    diagnostic("policy_kl", "nats", "the KL of the policy from the one that wrote the rollout, per token"),
    diagnostic("approx_kl", "nats²", "the same by k2"),
    diagnostic("policy_entropy", "nats", "the mean entropy of the distributions that tokens came from"),
    diagnostic("value", "reward", "the mean value"),
    diagnostic(
        "value_loss",
        "reward²",
        "the value loss that is minimized, per state: half the squared error, clipped, before its coefficient",
    ),
    diagnostic("value_clip_fraction", "share", "values that the clip cut"),
    diagnostic("explained_variance", "share", "the share of the returns' variance that the critic foresaw"),
    diagnostic("accuracy", "share", "comparisons that the reward model orders as people did"),
    diagnostic("disagreement", "reward", "the mean deviation of an ensemble's scores of a text"),
    diagnostic("disagreement_max", "reward", "the greatest deviation of an ensemble's scores of a text"),
    diagnostic(
        "disagreement_range",
        "reward",
        "the mean distance from an ensemble's lowest to its highest score",
    ),
];
