//! Learning from the best of one's own responses.

use super::{Credit, OnPolicy, RolloutPasses};
use rlhf_core::Error;
use rlhf_core::advantage::{Baseline, GroupAdvantages, MissingEnd, Scale, Selection};

/// Expert iteration: several responses to each prompt, of which the best are imitated.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ExpertIteration {
    /// Prompts a rollout, 1 or more.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub prompts: u32,
    /// Responses to each prompt, 1 or more.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub group: u32,
    /// The selection of responses to imitate.
    pub selection: Selection,
    /// Logits are divided by this in sampling; above 0. What is kept is learned at temperature 1.
    #[cfg_attr(feature = "schema", schemars(extend("exclusiveMinimum" = 0)))]
    pub temperature: f64,
    /// The cost of a missing end, before the selection.
    #[serde(default)]
    pub missing_end: MissingEnd,
    /// The passes over a rollout.
    #[serde(flatten)]
    pub passes: RolloutPasses,
}

impl ExpertIteration {
    /// The names that [`Self::by_name`] knows, joined by commas.
    pub(super) const LIST: &str = "expert_iteration, best_of_n, rejection_sampling";

    /// The method of this name, each of eight responses to a prompt: `best_of_n` imitates the best
    /// ([`Self::best_of`]), `rejection_sampling` all that score 0 or more ([`Self::at_least`]), which is the
    /// demonstrations' mean where a reward model is centered on them, and `expert_iteration` (Anthony et al.,
    /// arXiv:1705.08439) the best quarter. The number and the shares are **filled in**.
    ///
    /// # Errors
    /// [`Error::Unknown`] lists the names.
    pub fn by_name(name: &str) -> Result<Self, Error> {
        let best = Self::best_of(8);
        Ok(match name {
            "expert_iteration" => Self { selection: Selection::Share { share: 0.25 }, ..best },
            "best_of_n" => best,
            "rejection_sampling" => Self::at_least(8, 0.0),
            _ => return Err(Error::Unknown { name: "method of selection", known: Self::LIST }),
        })
    }

    /// The names that [`Self::by_name`] knows.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Self::LIST.split(", ")
    }

    /// Settings of a policy gradient with the same rollouts, whose scores are compared with nothing.
    pub fn rollouts(&self) -> OnPolicy {
        let Self { prompts, group, temperature, missing_end, passes, .. } = *self;
        let credit = GroupAdvantages { baseline: Baseline::None, scale: Scale::None, epsilon: 0.0 };
        let credit = Credit::Response(credit);
        OnPolicy {
            prompts,
            group,
            temperature,
            missing_end,
            passes,
            credit,
            beta: 0.0,
            ..OnPolicy::reinforce()
        }
    }

    /// The best of `group` responses to each prompt is imitated: RAFT (Dong et al., arXiv:2304.06767).
    ///
    /// **Filled in**: 32 prompts a rollout, temperature 1, one pass of four steps, a constant rate of 1e-5 without a warm-up; a
    /// network of less than billions of weights wants a higher one.
    pub fn best_of(group: u32) -> Self {
        Self {
            prompts: 32,
            group,
            selection: Selection::Best { count: 1 },
            temperature: 1.0,
            missing_end: MissingEnd::Keep,
            passes: RolloutPasses::once(4, 1e-5),
        }
    }

    /// Every one of `group` responses with a score of at least `score` is imitated: ReST (Gulcehre et al.,
    /// arXiv:2308.08998), and with 1 for right and 0 for wrong the rejection sampling of STaR (Zelikman et
    /// al., arXiv:2203.14465). The rest is as in [`Self::best_of`].
    pub fn at_least(group: u32, score: f64) -> Self {
        Self { selection: Selection::AtLeast { score }, ..Self::best_of(group) }
    }

    /// Checks every range.
    ///
    /// # Errors
    /// [`Error::Range`] names the setting.
    pub fn validate(&self) -> Result<(), Error> {
        self.rollouts().validate()?;
        self.selection.validate()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_setting_is_named() {
        for name in ExpertIteration::names() {
            ExpertIteration::by_name(name).unwrap().validate().unwrap();
        }
        assert!(ExpertIteration::by_name("best").is_err());
        let best = ExpertIteration::best_of(8);
        let name = |x: ExpertIteration| match x.validate() {
            Err(Error::Range { name, .. }) => name,
            other => panic!("{other:?}"),
        };
        assert_eq!(name(ExpertIteration::best_of(0)), "group");
        assert_eq!(name(ExpertIteration::at_least(4, f64::NAN)), "score");
        assert_eq!(name(ExpertIteration { temperature: 0.0, ..best }), "temperature");
        let with = |passes| name(ExpertIteration { passes, ..best });
        assert_eq!(with(RolloutPasses { minibatches: 0, ..best.passes }), "minibatches");
        assert_eq!(with(RolloutPasses { epochs: 0, ..best.passes }), "epochs");
    }
}
