//! The methods of step 3.

use super::names::{join, joined_len, text};
use super::{
    BanditTraining, DistillationTraining, ExpertIteration, IlqlTraining, KtoTraining, Nlpo, OnPolicy,
    OnlinePreference, Passes, Ppo, PreferenceTraining, TrustRegion,
};
use rlhf_core::Error;

/// A method of step 3, with its settings.
// A run has one: its size is no matter, and it stays `Copy` as all settings are.
#[allow(clippy::large_enum_variant)]
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// PPO, as [`Profile::ppo`](super::Profile::ppo) says.
    #[default]
    Ppo,
    /// Policy gradients from groups of responses, without a critic.
    OnPolicy(OnPolicy),
    /// Pairs, offline: DPO and its kin.
    Preference(PreferenceTraining),
    /// Labels, offline: KTO.
    Kto(KtoTraining),
    /// Comparisons of the policy's own responses: online DPO, XPO, Nash-MD.
    Online(OnlinePreference),
    /// The best of the policy's own responses, imitated: best-of-n, rejection sampling.
    ExpertIteration(ExpertIteration),
    /// Rewards of a log, offline.
    Bandit(BanditTraining),
    /// Steps within a trust region: TRPO.
    Trpo(TrustRegion),
    /// [`Profile::ppo`](super::Profile::ppo) within the support of a lagging policy: NLPO.
    Nlpo(Nlpo),
    /// A teacher's distributions.
    Distillation(DistillationTraining),
    /// Values of tokens, offline, which then lead the supervised policy: ILQL.
    Ilql(IlqlTraining),
}

impl Method {
    /// The names that [`Profile::with_method`](super::Profile::with_method) knows.
    pub fn names() -> impl Iterator<Item = &'static str> {
        KNOWN.split(", ")
    }

    /// The method of this name, but for PPO's own.
    pub(super) fn by_name(name: &str) -> Option<Self> {
        Some(match name {
            "trpo" => Self::Trpo(TrustRegion::default()),
            "nlpo" => Self::Nlpo(Nlpo::default()),
            "ilql" => Self::Ilql(IlqlTraining::default()),
            _ => {
                let group = || OnPolicy::by_name(name).map(Self::OnPolicy);
                let pairs = || PreferenceTraining::by_name(name).ok().map(Self::Preference);
                let labels = || KtoTraining::by_name(name).ok().map(Self::Kto);
                let online = || OnlinePreference::by_name(name).ok().map(Self::Online);
                let best = || ExpertIteration::by_name(name).ok().map(Self::ExpertIteration);
                let log = || BanditTraining::by_name(name).ok().map(Self::Bandit);
                let teacher = || DistillationTraining::by_name(name).ok().map(Self::Distillation);
                group()
                    .or_else(pairs)
                    .or_else(labels)
                    .or_else(online)
                    .or_else(best)
                    .or_else(log)
                    .or_else(teacher)?
            }
        })
    }

    /// The settings of its passes over stored data, and their table in a configuration; `None` where it makes rollouts.
    pub fn passes(&self) -> Option<(&'static str, &Passes)> {
        Some(match self {
            Self::Preference(settings) => ("preference", &settings.passes),
            Self::Kto(settings) => ("kto", &settings.passes),
            Self::Bandit(settings) => ("bandit", &settings.passes),
            Self::Distillation(settings) => ("distillation", &settings.passes),
            Self::Ilql(settings) => ("ilql", &settings.passes),
            _ => return None,
        })
    }

    /// Checks every range, of a recipe whose PPO is `ppo`.
    ///
    /// # Errors
    /// [`Error::Range`] names the setting.
    pub fn validate(&self, ppo: &Ppo) -> Result<(), Error> {
        match self {
            Self::Ppo => ppo.validate(),
            Self::OnPolicy(settings) => settings.validate(),
            Self::Preference(settings) => settings.validate(),
            Self::Kto(settings) => settings.validate(),
            Self::Online(settings) => settings.validate(),
            Self::ExpertIteration(settings) => settings.validate(),
            Self::Bandit(settings) => settings.validate(),
            Self::Trpo(settings) => settings.validate(),
            Self::Nlpo(settings) => settings.validate(ppo),
            Self::Distillation(settings) => settings.validate(),
            Self::Ilql(settings) => settings.validate(),
        }
    }
}

/// The names of all methods, family by family.
const FAMILIES: [&str; 11] = [
    "ppo, a2c",
    OnPolicy::LIST,
    PreferenceTraining::LIST,
    KtoTraining::LIST,
    OnlinePreference::LIST,
    ExpertIteration::LIST,
    BanditTraining::LIST,
    "trpo",
    "nlpo",
    DistillationTraining::LIST,
    "ilql",
];
const JOINED: [u8; joined_len(&FAMILIES)] = join(&FAMILIES);
pub(super) const KNOWN: &str = text(&JOINED);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Profile;
    use rlhf_core::loss::Normalization;
    use std::vec::Vec;

    #[test]
    fn every_name_is_a_valid_recipe() {
        for name in Method::names() {
            Profile::instructgpt().with_method(name, 53).unwrap().validate().unwrap();
        }
        assert!(Profile::trl().with_method("gprs", 53).is_err());
        let all: Vec<_> = Method::names().collect();
        let kinds = [OnPolicy::NAMES.into_iter().collect::<Vec<_>>(), PreferenceTraining::names().collect()];
        let more = [KtoTraining::names().collect(), OnlinePreference::names().collect::<Vec<_>>()];
        let last = [ExpertIteration::names().collect(), BanditTraining::names().collect::<Vec<_>>()];
        for name in kinds.iter().chain(&more).chain(&last).flatten() {
            assert!(all.contains(name), "{name}");
        }
    }

    #[test]
    fn only_methods_with_rollouts_have_responses_and_minibatches() {
        let of = |name: &str| {
            let profile = Profile::instructgpt().with_method(name, 53).unwrap();
            (profile.responses_per_iteration(), profile.minibatches())
        };
        assert_eq!(of("ppo"), (Some(512), Some(8)));
        assert_eq!(of("grpo"), (Some(16 * 8), Some(1)));
        for name in ["online_dpo", "best_of_n"] {
            let (responses, minibatches) = of(name);
            assert!(responses.is_some() && minibatches.is_none(), "{name}");
        }
        for name in ["dpo", "simpo", "kto", "bandit"] {
            assert_eq!(of(name), (None, None), "{name}");
        }
    }

    #[test]
    fn lengths_are_the_responses() {
        let Method::OnPolicy(o) = Profile::trl().with_method("dr_grpo", 53).unwrap().method else { panic!() };
        assert_eq!(o.normalization, Normalization::Constant { length: 53 });
        let Method::OnPolicy(o) = Profile::trl().with_method("dapo", 53).unwrap().method else { panic!() };
        assert_eq!(o.overlong.unwrap().longest, 53);
        // The expected reward's own gradient has no length in it.
        let Method::OnPolicy(o) = Profile::trl().with_method("rloo", 53).unwrap().method else { panic!() };
        assert_eq!(o.normalization, Normalization::Constant { length: 1 });
    }
}
