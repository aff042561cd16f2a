//! The optimizers of step 3, by the names of their settings.

use rlhf_core::profile::{Method, Optimiser, Profile};

/// The optimizers that step 3 of `profile` learns with, each with the name of its settings: none for a method
/// without a learning rate, such as TRPO.
pub fn optimizers(profile: &Profile) -> Vec<(&'static str, &Optimiser)> {
    match &profile.method {
        Method::Ppo | Method::Nlpo(_) => {
            vec![("ppo.policy", &profile.ppo.policy), ("ppo.critic", &profile.ppo.critic)]
        }
        Method::OnPolicy(s) => vec![("method.on_policy.optimiser", &s.optimiser)],
        Method::Preference(s) => vec![("method.preference.optimiser", &s.optimiser)],
        Method::Kto(s) => vec![("method.kto.optimiser", &s.optimiser)],
        Method::Online(s) => vec![("method.online.optimiser", &s.optimiser)],
        Method::ExpertIteration(s) => vec![("method.expert_iteration.optimiser", &s.optimiser)],
        Method::Bandit(s) => vec![("method.bandit.optimiser", &s.optimiser)],
        Method::Distillation(s) => vec![("method.distillation.optimiser", &s.optimiser)],
        Method::Ilql(s) => vec![("method.ilql.optimiser", &s.optimiser)],
        Method::Trpo(_) => Vec::new(),
    }
}
