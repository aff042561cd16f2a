//! What step 3 does.

use super::{KtoTraining, OnPolicy, OnlinePreference, PreferenceTraining, Profile};
use crate::Error;

/// What step 3 does.
// A run has one: its size is no matter, and it stays `Copy` as all settings are.
#[allow(clippy::large_enum_variant)]
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Method {
    /// PPO, as [`Profile::ppo`] says.
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
}

impl Method {
    /// The names that [`Profile::with_method`] knows.
    pub fn names() -> impl Iterator<Item = &'static str> {
        let (pairs, labels) = (PreferenceTraining::names(), KtoTraining::names());
        ["ppo", "a2c"]
            .into_iter()
            .chain(OnPolicy::NAMES)
            .chain(pairs)
            .chain(labels)
            .chain(OnlinePreference::names())
    }

    /// Checks every range.
    ///
    /// # Errors
    /// [`Error::Range`] names the setting.
    pub fn validate(&self) -> Result<(), Error> {
        match self {
            Self::Ppo => Ok(()),
            Self::OnPolicy(settings) => settings.validate(),
            Self::Preference(settings) => settings.validate(),
            Self::Kto(settings) => settings.validate(),
            Self::Online(settings) => settings.validate(),
        }
    }
}

impl Profile {
    /// The same recipe with another step 3, for responses of at most `longest` tokens. A2C (Mnih et al.,
    /// arXiv:1602.01783) is PPO with one step a rollout: its ratios are 1, so that no clip holds and
    /// its gradient is the policy gradient's.
    ///
    /// # Errors
    /// [`Error::Unknown`] lists the names.
    pub fn with_method(mut self, name: &str, longest: u32) -> Result<Self, Error> {
        self.method = match name {
            "ppo" => Method::Ppo,
            "a2c" => {
                (self.ppo.epochs, self.ppo.minibatches) = (1, 1);
                Method::Ppo
            }
            _ => {
                let group = OnPolicy::by_name(name).map(|s| Method::OnPolicy(s.with_longest(longest)));
                let pairs = || PreferenceTraining::by_name(name).ok().map(Method::Preference);
                let labels = || KtoTraining::by_name(name).ok().map(Method::Kto);
                let online = || OnlinePreference::by_name(name).ok().map(Method::Online);
                let method = group.or_else(pairs).or_else(labels).or_else(online);
                method.ok_or(Error::Unknown { name: "method", known: KNOWN })?
            }
        };
        Ok(self)
    }

    /// What step 3 divides logits by, in sampling and in training.
    pub fn temperature(&self) -> f64 {
        match self.method {
            // What learns from others' texts samples only to be measured.
            Method::Ppo | Method::Preference(_) | Method::Kto(_) => self.ppo.temperature,
            Method::OnPolicy(settings) => settings.temperature,
            Method::Online(settings) => settings.temperature,
        }
    }
}

/// [`Method::names`], for an error.
const KNOWN: &str = "ppo, a2c, reinforce, remax, rloo, reinforce_pp, grpo, dr_grpo, dapo, gspo, cispo, dpo, \
                     cdpo, robust, ipo, hinge, exo_pair, nca_pair, sppo_hard, apo_zero, apo_down, discopop, \
                     aot, aot_pair, cpo, cpo_hinge, cpo_ipo, simpo, alpha_po, orpo, kto, \
                     apo_zero_unpaired, online_dpo, online_ipo, xpo, nash_md";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maths::on_policy::Normalisation;
    use std::vec::Vec;

    #[test]
    fn every_name_is_a_valid_recipe() {
        for name in Method::names() {
            Profile::trl().with_method(name, 53).unwrap().validate().unwrap();
        }
        assert_eq!(Method::names().collect::<Vec<_>>().join(", "), KNOWN);
        assert!(Profile::trl().with_method("gprs", 53).is_err());
    }

    #[test]
    fn lengths_are_the_responses() {
        let Method::OnPolicy(o) = Profile::trl().with_method("dr_grpo", 53).unwrap().method else { panic!() };
        assert_eq!(o.normalisation, Normalisation::Constant { length: 53 });
        let Method::OnPolicy(o) = Profile::trl().with_method("dapo", 53).unwrap().method else { panic!() };
        assert_eq!(o.overlong.unwrap().longest, 53);
        // The expected reward's own gradient has no length in it.
        let Method::OnPolicy(o) = Profile::trl().with_method("rloo", 53).unwrap().method else { panic!() };
        assert_eq!(o.normalisation, Normalisation::Constant { length: 1 });
    }
}
