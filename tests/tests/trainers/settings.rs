//! Settings of step 3 take effect: another value gives other weights.

use crate::trainers::world::{SFT, STOPPING, WHO};
use rlhf::config::{CliOverride, Config};
use rlhf::engine::Model;
use rlhf::engine::{Member, Scorer};
use rlhf::stage::{AlignInputs, Session, TrainingData, align};
use rlhf::train::{Examples, Guards, NormalizedReward, Prompts};
use rlhf_core::model::tokenizer::{Bytes, Tokenizer};
use rlhf_core::rewards::{EnsembleRule, RewardScale};
use std::sync::LazyLock;

const SMALL: [&str; 6] = [
    "ppo.batch=16",
    "ppo.epochs=4",
    "ppo.minibatches=2",
    "ppo.policy.learning_rate=2e-2",
    "ppo.critic.learning_rate=1e-3",
    "ppo.critic_init={ policy = { normal = 0.02 } }",
];
const SMALL_GROUPS: [&str; 4] = [
    "on_policy.prompts=4",
    "on_policy.epochs=2",
    "on_policy.minibatches=2",
    "on_policy.optimizer.learning_rate=5e-3",
];

static START: LazyLock<Model> = LazyLock::new(|| SFT.clone().into());

/// The policy after three iterations of what a configuration says.
fn learned(method: &str, given: &[&str]) -> Vec<f32> {
    let small = if method == "ppo" { &SMALL[..] } else { &SMALL_GROUPS };
    let given: Vec<CliOverride> = small.iter().chain(given).map(|given| given.parse().unwrap()).collect();
    let text = format!("profile = \"trl\"\nmethod = \"{method}\"\n[base]\nmodel = \"m\"\ntokenizer = \"t\"");
    let config =
        Config::parse(&text, "run.toml".as_ref(), &given).unwrap_or_else(|e| panic!("{given:?}: {e}"));
    let profile = config.resolve().unwrap().0;
    let mut reward = reward();
    let prompts: Vec<Vec<u32>> = WHO.into_iter().map(|who| Bytes.encode(who)).collect();
    let (mix, guards) = (Examples::default(), Guards { max_ratio: 1e9, ..Guards::default() });
    let on = Prompts { prompts: &prompts, stopping: STOPPING, mix: &mix, iterations: 3, guards };
    let mut session = Session::new(|_, _, _, _| {});
    let data = TrainingData::default();
    let inputs = AlignInputs { sft: &START, reward: &mut reward, prompts: on, data: &data };
    let policy = align(&mut session, &profile, inputs, 1, None);
    policy.unwrap_or_else(|e| panic!("{method}, {given:?}: {e}")).model.weights().unwrap().into_owned()
}

/// A reward model that likes some answers better than others, for no reason.
fn reward() -> Scorer {
    let reward = Member::Whole(START.with_scalar_head(0.5, 3).unwrap());
    Scorer::new(vec![NormalizedReward { reward, scale: RewardScale::default() }], EnsembleRule::Mean).unwrap()
}

/// Each of these changes the weights, and so does each from every other.
fn all_differ(method: &str, settings: &[&[&str]]) {
    let all: Vec<Vec<f32>> = settings.iter().map(|given| learned(method, given)).collect();
    for (i, weights) in all.iter().enumerate() {
        assert_eq!(all.iter().position(|other| other == weights), Some(i), "{method}: {:?}", settings[i]);
    }
}

#[test]
fn clips_and_advantages_of_ppo_arrive() {
    all_differ(
        "ppo",
        &[
            &[],
            &["ppo.policy_clip.dual=1.3"],
            &["ppo.policy_clip.high=0.01"],
            &["ppo.policy_clip.low=0.01"],
            &["ppo.policy_clip.log_ratio=0.05"],
            &["ppo.gae.lambda=0.5"],
            &["ppo.gae.value_lambda=1.0", "ppo.gae.lambda=0.5"],
            &["ppo.gae.length_alpha=0.5"],
            &["ppo.entropy=0.1"],
        ],
    );
}

#[test]
fn baselines_and_scales_arrive() {
    let credit = |baseline: &str, scale: &str| {
        let value = format!("{{ response = {{ baseline = {baseline}, scale = {scale}, epsilon = 1e-4 }} }}");
        format!("on_policy.credit={value}")
    };
    let moving = "{ moving = { decay = 0.5 } }";
    let baselines = ["\"none\"", moving, "\"greedy\"", "\"group_mean\"", "\"leave_one_out\""];
    let all = baselines.map(|baseline| credit(baseline, "\"none\""));
    let scales = ["\"group\"", "\"batch_rewards\"", "\"batch_advantages\""]
        .map(|scale| credit("\"group_mean\"", scale));
    let all: Vec<[&str; 1]> = all.iter().chain(&scales).map(|given| [given.as_str()]).collect();
    all_differ("grpo", &all.iter().map(|given| &given[..]).collect::<Vec<_>>());
}

#[test]
fn an_older_sampler_and_its_weights_arrive() {
    let weighed = |level: &str, limit: &str| {
        format!("on_policy.importance={{ level = \"{level}\", limit = {{ {limit} }} }}")
    };
    let truncated = weighed("token", "truncate = { high = 1.1 }");
    let masked = weighed("token", "mask = { low = 0.9, high = 1.1 }");
    let sequence = weighed("sequence", "truncate = { high = 1.1 }");
    let stale = "on_policy.stale=2";
    all_differ("grpo", &[&[], &[stale], &[stale, &truncated], &[stale, &masked], &[stale, &sequence]]);
    // Weights against a sampler that is the policy itself are 1.
    assert_eq!(learned("grpo", &[]), learned("grpo", &[&truncated]));
    // A sampler that lags by no more than the first iteration differs from the second on.
    assert_ne!(learned("grpo", &["on_policy.stale=1"]), learned("grpo", &[stale]));
}

#[test]
fn what_dapo_and_cispo_are_told_arrives() {
    let long = "on_policy.overlong={ longest = 8, buffer = 6, penalty = 2.0 }";
    all_differ("dapo", &[&[], &[long], &["on_policy.refill=0"]]);
    all_differ("cispo", &[&[], &["on_policy.normalization=response"], &["on_policy.entropy=0.1"]]);
}
