//! The optimizers of the steps, by the names of their settings.

use crate::record::Phase;
use rlhf_train::profile::{Method, Optimizer, Profile};

/// The optimizers that step 3 of `profile` learns with, each with the name of its settings: none for a method
/// without a learning rate, such as TRPO.
pub fn optimizers(profile: &Profile) -> Vec<(&'static str, &Optimizer)> {
    match &profile.method {
        Method::Ppo | Method::Nlpo(_) => {
            vec![("ppo.policy", &profile.ppo.policy), ("ppo.critic", &profile.ppo.critic)]
        }
        Method::OnPolicy(s) => vec![("on_policy.optimizer", &s.passes.optimizer)],
        Method::Preference(s) => vec![("preference.optimizer", &s.passes.optimizer)],
        Method::Kto(s) => vec![("kto.optimizer", &s.passes.optimizer)],
        Method::Online(s) => vec![("online.optimizer", &s.passes.optimizer)],
        Method::ExpertIteration(s) => vec![("expert_iteration.optimizer", &s.passes.optimizer)],
        Method::Bandit(s) => vec![("bandit.optimizer", &s.passes.optimizer)],
        Method::Distillation(s) => vec![("distillation.optimizer", &s.passes.optimizer)],
        Method::Ilql(s) => vec![("ilql.optimizer", &s.passes.optimizer)],
        Method::Trpo(_) => Vec::new(),
    }
}

/// The names of the settings that advice is about, which trainers know by the names of PPO's.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    policy: String,
    critic: String,
    beta: &'static str,
}

impl Settings {
    /// Returns the optimizers of a recipe's step 3.
    pub fn of(profile: &Profile) -> Self {
        let optimizers = optimizers(profile);
        let rate = |(name, _): &(&str, _)| format!("{name}.learning_rate");
        let policy = optimizers.first().map_or("trpo.step.max_kl".into(), rate);
        let critic = optimizers.last().map_or_else(|| policy.clone(), rate);
        let beta = match &profile.method {
            Method::OnPolicy(_) => "on_policy.beta",
            Method::Trpo(_) => "trpo.beta",
            Method::Online(_) => "online.method",
            _ => "ppo.controller",
        };
        Self { policy, critic, beta }
    }
}

/// A guard's advice with the names of the settings that a phase has; `settings`: step 3's.
pub(super) fn advice(advice: &str, phase: Phase, settings: Option<&Settings>) -> String {
    let own = |rate: &str| {
        ["the learning rate", "its learning rate", "supervised.optimizer.learning_rate"]
            .into_iter()
            .fold(advice.to_owned(), |text, general| text.replace(general, rate))
    };
    match (phase, settings) {
        (Phase::Pretrain, _) => own("base.new.learning_rate"),
        (Phase::Supervised, _) => own("supervised.optimizer.learning_rate"),
        (Phase::Reward, _) => own("reward.optimizer.learning_rate"),
        (Phase::Ppo | Phase::Evaluate, Some(Settings { policy, critic, beta })) => own(policy)
            .replace("ppo.policy.learning_rate", policy)
            .replace("ppo.critic.learning_rate", critic)
            .replace("ppo.controller", beta),
        (Phase::Ppo | Phase::Evaluate, None) => advice.to_owned(),
    }
}
