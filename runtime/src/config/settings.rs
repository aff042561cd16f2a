//! What the settings of a profile say. Their values are the profiles'.

use super::nearest::nearest;
use serde_json::Value;

/// A setting of a profile, which `[[override]]` and `--set` change.
pub struct Setting {
    /// Its place in the profile, such as `ppo.policy.learning_rate`.
    pub name: String,
    /// What it says, with its unit and range.
    pub what: &'static str,
}

const SUPERVISED: &[(&str, &str)] = &[
    ("epochs", "passes over the demonstrations, 1 or more"),
    ("batch", "demonstrations an optimiser step, 1 or more"),
    ("dropout", "residual dropout, a probability of 0 to 0.99"),
];

const REWARD: &[(&str, &str)] = &[
    (
        "loss",
        "of rankings: k_wise = how tied answers count, pairwise = { centring, margin }, plackett_luce = { top, \
         ties }, graded = { rao_kupper | davidson | ordered = … }; of labels: \"outcome\", process = how steps \
         make a score",
    ),
    ("head", "how the head starts: \"zero\", \"inverse_root\", \"inverse\" or normal = deviation"),
    ("epochs", "passes over the comparisons or labels, 1 or more"),
    ("batch", "prompts, with all their comparisons, an optimiser step; \"none\": the trainer's own"),
    (
        "normalisation",
        "\"none\", \"centre_on_demonstrations\", \"centre_on_reference\" or ziegler2019 = { samples }",
    ),
    (
        "pretraining",
        "before it, on `reward.pretraining_sources`: { epochs, language, learning_rate } with the coefficient \
         of the language-model term, or \"none\"",
    ),
    (
        "ensemble",
        "several models: { members, how } with how = \"mean\", \"min\", lower_bound = { deviations } or \
         variance_penalised = { weight }, or \"none\"",
    ),
];

const PPO: &[(&str, &str)] = &[
    ("batch", "responses a rollout; `minibatches` or more"),
    ("epochs", "passes over a rollout, 1 or more"),
    ("minibatches", "optimiser steps a pass, 1 or more"),
    ("temperature", "what logits are divided by in sampling and training, above 0"),
    ("shaping.kl", "a token's KL estimate: \"k1\", \"k2\", \"k3\" or \"abs\""),
    ("shaping.kl_clip", "nats; each token's estimate stays within ± this; \"none\": no limit"),
    ("shaping.placement", "where the score goes: \"last_token\" or \"after_last_token\""),
    (
        "shaping.missing_end",
        "the score of an answer without end: \"keep\", subtract = penalty, replace = score",
    ),
    ("shaping.end", "what an end is: \"eos\" or \"eos_or_stop\""),
    ("shaping.score_clip", "reward; scores stay within ± this; \"none\": no limit"),
    (
        "controller",
        "β per nat: fixed = { beta }, or adaptive = { beta, target, horizon } in nats and episodes",
    ),
    ("reward_whitening", "whitening of a rollout's rewards: { mean, variance, guard }, or \"none\""),
    ("gae.gamma", "the discount a token, 0 to 1"),
    ("gae.lambda", "the decay of advantages a token, 0 to 1"),
    ("gae.cutoff", "what a cut-off answer is: \"terminates\" or \"bootstraps\""),
    ("gae.value_lambda", "the decay of the returns a token, 0 to 1; \"none\": `gae.lambda`"),
    ("gae.length_alpha", "the advantages' decay is 1 − 1/(this · tokens), above 0; \"none\": `gae.lambda`"),
    ("advantage_whitening", "\"none\", or batch or minibatch = { mean, variance, guard }"),
    ("policy_clip.low", "ratios are clipped below at 1 − this, 0 to 1"),
    ("policy_clip.high", "ratios are clipped above at 1 + this, 0 or more"),
    ("policy_clip.log_ratio", "nats; log-ratios stay within ± this; \"none\": no limit"),
    (
        "policy_clip.dual",
        "a negative advantage's loss is at most this · |A|, 1 + high or more; \"none\": no bound",
    ),
    ("ratio_threshold", "a mean ratio above this silences a minibatch; \"none\": never"),
    ("entropy", "the coefficient of the entropy bonus"),
    ("value_clip", "reward; how far values may move in a rollout; \"none\": no limit"),
    ("value_coefficient", "the value loss's coefficient, 0 or more"),
    ("critic_init", "where the critic starts: \"reward_model\", or policy = how its head starts"),
    ("pretraining", "the pretraining mix: { coefficient, examples } with examples per response, or \"none\""),
    ("average", "the decay of the weights' moving average an iteration, 0 to 1; \"none\": none is kept"),
    ("dropout", "dropout in training, a probability of 0 to 0.99"),
];

const ON_POLICY: &[(&str, &str)] = &[
    ("prompts", "prompts a rollout, 1 or more"),
    ("group", "responses to each, 1 or more; 2 where they are compared with one another"),
    ("refill", "rounds of further prompts in place of those whose responses are worth the same, 0 to 100"),
    ("epochs", "passes over a rollout, 1 or more"),
    ("minibatches", "optimiser steps a pass, 1 or more"),
    ("temperature", "what logits are divided by in sampling and training, above 0"),
    ("beta", "per nat; what the distance from the reference takes off the reward, 0 or more"),
    ("credit", "response = { baseline, scale, epsilon } or token = { gamma }"),
    ("overlong", "what long responses pay: { longest, buffer, penalty }, or \"none\""),
    ("surrogate", "what is differentiated: \"log_prob\", clipped, detached, sequence_mean, … = a clip"),
    ("normalisation", "what tokens are averaged over: \"token\", \"response\" or constant = { length }"),
    ("kl", "the distance from the reference in the loss: { beta, estimator }, or \"none\""),
    ("entropy", "the coefficient of the entropy bonus"),
    (
        "stale",
        "iterations that the sampler lags behind, at most; it catches up every this + 1; 0: not at all",
    ),
    ("importance", "weights for a sampler that differs: { level, limit }, or \"none\""),
    ("dropout", "dropout in training, a probability of 0 to 0.99"),
];

const PASSES: &[(&str, &str)] = &[
    ("objective", "the loss, as a table: its parts are in the documentation of its type"),
    ("epochs", "passes over the data, 1 or more"),
    ("batch", "pairs, or labels, an optimiser step, 1 or more"),
    ("dropout", "dropout in training, a probability of 0 to 0.99"),
];

const ONLINE: &[(&str, &str)] = &[
    ("method", "what is compared and learnt, as a table: its parts are in the documentation of its type"),
    ("prompts", "prompts an iteration, 1 or more"),
    ("temperature", "what logits are divided by in sampling and training, above 0"),
    ("epochs", "passes over what was written, 1 or more"),
    ("minibatches", "optimiser steps a pass, 1 or more"),
    ("dropout", "dropout in training, a probability of 0 to 0.99"),
];

const EXPERT_ITERATION: &[(&str, &str)] = &[
    ("prompts", "prompts an iteration, 1 or more"),
    ("group", "responses to each, 1 or more"),
    (
        "selection",
        "which are imitated: best = { count }, share = { share }, at_least = { score }, best_at_least = { count, score }",
    ),
    ("temperature", "what logits are divided by in sampling, above 0; what is kept is learnt at 1"),
    ("epochs", "passes over what was kept, 1 or more"),
    ("minibatches", "optimiser steps a pass, 1 or more, where as many responses are kept"),
    ("dropout", "dropout in training, a probability of 0 to 0.99"),
];

const BANDIT: &[(&str, &str)] = &[
    ("objective.normaliser", "what weighted rewards are divided by: \"count\" or \"weights\""),
    ("objective.clip", "no importance weight counts for more, above 0; \"none\": no limit"),
    ("epochs", "passes over the log, 1 or more"),
    ("batch", "responses an optimiser step, 1 or more"),
    ("dropout", "dropout in training, a probability of 0 to 0.99"),
];

const TRPO: &[(&str, &str)] = &[
    ("prompts", "prompts a rollout, 1 or more"),
    ("group", "responses to each, 1 or more; 2 where they are compared with one another"),
    ("temperature", "what logits are divided by in sampling and training, above 0"),
    ("beta", "per nat; what the distance from the reference takes off the reward, 0 or more"),
    ("credit", "response = { baseline, scale, epsilon } or token = { gamma }"),
    ("step.max_kl", "nats a token; the greatest mean KL of a step, above 0"),
    ("step.damping", "added to the Fisher matrix's diagonal, 0 or more"),
    ("step.iterations", "products with that matrix, at most, 1 or more"),
    ("step.tolerance", "the residual that will do, relative to the gradient, 0 to 1"),
    ("step.displacement", "how far such a product's central difference reaches, above 0"),
    ("step.backtracks", "how often a step is shortened before it is given up"),
    ("step.shrink", "by what, above 0 and below 1"),
];

const NLPO: &[(&str, &str)] = &[
    ("top_p", "the mass that the support reaches, above 0 and up to 1"),
    ("follow", "how the mask policy lags behind: every = { iterations } or average = { decay }"),
];

const DISTILLATION: &[(&str, &str)] = &[
    ("objective.divergence", "what is made small: \"forward\", \"reverse\" or jensen_shannon = { beta }"),
    (
        "objective.tail",
        "what becomes of ids that are not among `top`: \"bucket\", \"renormalised\" or \"dropped\"",
    ),
    ("objective.temperature", "what both networks' logits are divided by, above 0"),
    ("objective.coefficient", "the loss's weight"),
    ("top", "how many of the teacher's likeliest ids are learnt from, 1 or more; \"none\": whole rows"),
    ("own", "the share of steps on the student's own responses, 0 to 1"),
    ("epochs", "passes over the demonstrations, 1 or more"),
    ("batch", "demonstrations an optimiser step, 1 or more"),
    ("dropout", "dropout in training, a probability of 0 to 0.99"),
];

const ILQL: &[(&str, &str)] = &[
    (
        "objective.expectile",
        "a state is worth its average action at 0.5, its best towards 1; above 0 and below 1",
    ),
    ("objective.discount", "the discount a token, 0 to 1"),
    ("objective.conservatism", "how much tokens that nobody wrote are held down, 0 or more"),
    ("beta", "nats per unit of reward; how much the policy is led by the values"),
    ("top_k", "the policy's so many likeliest tokens come into question; 0: all"),
    ("follow", "how the target values lag behind: every = { iterations } or average = { decay }"),
    ("epochs", "passes over the comparisons' answers, 1 or more"),
    ("batch", "answers an optimiser step, 1 or more"),
    ("dropout", "dropout in training, a probability of 0 to 0.99"),
];

const OPTIMISER: &[(&str, &str)] = &[
    ("learning_rate", "the highest learning rate, 0 or more"),
    ("adam.beta1", "the decay of the first moment, 0 to below 1"),
    ("adam.beta2", "the decay of the second moment, 0 to below 1"),
    ("adam.epsilon", "keeps the step finite where the second moment is 0"),
    ("adam.epsilon_at", "what ε is added to: \"corrected\" or \"raw\""),
    ("adam.weight_decay", "weight decay per unit of learning rate"),
    ("adam.decay", "where it enters: \"decoupled\" or \"gradient\""),
    ("shape", "how the rate falls: \"constant\", \"linear\", cosine = { floor }, …"),
    ("warm_up", "how long the rate rises: steps = n, iterations = n, or share = 0 to 1"),
    ("warm_up_from", "the share of the highest rate that the rise starts from, 0 to 1"),
    ("max_grad_norm", "the largest global norm of a gradient, above 0; \"none\": no limit"),
];

/// All of them, in the order of the profile.
pub fn all() -> Vec<Setting> {
    let groups = [
        ("supervised", SUPERVISED),
        ("supervised.optimiser", OPTIMISER),
        ("reward", REWARD),
        ("reward.optimiser", OPTIMISER),
        ("ppo", PPO),
        ("ppo.policy", OPTIMISER),
        ("ppo.critic", OPTIMISER),
        ("method.on_policy", ON_POLICY),
        ("method.on_policy.optimiser", OPTIMISER),
        ("method.preference", PASSES),
        ("method.preference.optimiser", OPTIMISER),
        ("method.kto", PASSES),
        ("method.kto.optimiser", OPTIMISER),
        ("method.online", ONLINE),
        ("method.online.optimiser", OPTIMISER),
        ("method.expert_iteration", EXPERT_ITERATION),
        ("method.expert_iteration.optimiser", OPTIMISER),
        ("method.bandit", BANDIT),
        ("method.bandit.optimiser", OPTIMISER),
        ("method.trpo", TRPO),
        ("method.nlpo", NLPO),
        ("method.distillation", DISTILLATION),
        ("method.distillation.optimiser", OPTIMISER),
        ("method.ilql", ILQL),
        ("method.ilql.optimiser", OPTIMISER),
    ];
    let named = |group: &str, name: &str| format!("{group}.{name}");
    groups
        .iter()
        .flat_map(|(group, settings)| {
            settings.iter().map(move |(name, what)| Setting { name: named(group, name), what })
        })
        .collect()
}

/// Those that a profile in its stored form has: a method has only its own.
pub fn of(stored: &Value) -> Vec<Setting> {
    let has = |setting: &Setting| {
        let group = setting.name.rsplit_once('.').map_or("", |(group, _)| group);
        !group.starts_with("method.") || stored.pointer(&format!("/{}", group.replace('.', "/"))).is_some()
    };
    all().into_iter().filter(has).collect()
}

/// What a name stands for.
pub enum Named {
    /// A setting, or a part of one, by its place in the profile.
    Setting(String),
    /// What several settings stand below.
    Group,
}

/// What a name stands for in a configuration; `None` where there is no such setting. What belongs to a method may
/// go by the method's kind alone: `on_policy.group` is `method.on_policy.group`.
pub fn named(name: &str) -> Option<Named> {
    let below = |name: &str, of: &str| {
        name.strip_prefix(of).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let all = all();
    [name.to_owned(), format!("method.{name}")].into_iter().find_map(|full| {
        let setting = all.iter().any(|setting| below(&full, &setting.name));
        let group = || all.iter().any(|setting| below(&setting.name, &full));
        if setting { Some(Named::Setting(full)) } else { group().then_some(Named::Group) }
    })
}

/// The setting that was meant, if one is near.
pub fn nearest_setting(name: &str) -> Option<String> {
    nearest(name, all().iter().map(|setting| setting.name.as_str())).map(Into::into)
}
