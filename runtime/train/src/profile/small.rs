//! The recipe of small networks: methods as they are published, at the rates, batches and penalties that suit a network
//! of thousands or millions of weights and a few hundred rows of data.

use super::{
    BanditTraining, Credit, DistillationTraining, ExpertIteration, IlqlTraining, KtoTraining, Method,
    OnPolicy, OnlinePreference, Optimizer, Passes, Ppo, PreferenceTraining, Profile, RewardModel,
    RewardNormalization, RolloutPasses, TrustRegion, WarmUpLength,
};
use rlhf_core::advantage::{GroupAdvantages, KlController, MissingEnd, Scale, Shaping};
use rlhf_core::loss::{KlTerm, Per, Preference, SupervisedTerm};

/// The name of [`Profile::small`].
pub const SMALL: &str = "small";

/// A network of fewer weights is small.
const FEWEST: usize = 10_000_000;

/// The share of a run in which a rate rises.
const WARM_UP: WarmUpLength = WarmUpLength::Share(0.05);

/// Rows of an optimizer step.
const BATCH: u32 = 16;

/// Responses of a rollout.
const RESPONSES: u32 = 64;

/// β, per nat, against scores of deviation 1.
const KL: f64 = 0.2;

/// The reduction of a score of deviation 1 where a response has no end.
const MISSING_END: MissingEnd = MissingEnd::Subtract(2.0);

impl Profile {
    /// The name of the recipe for a base of so many weights: `small` below ten million, else `instructgpt`.
    ///
    /// ```
    /// use rlhf_train::profile::Profile;
    /// assert_eq!(Profile::for_weights(260_032), "small");
    /// assert_eq!(Profile::for_weights(124_439_808), "instructgpt");
    /// ```
    pub const fn for_weights(weights: usize) -> &'static str {
        if weights < FEWEST { SMALL } else { "instructgpt" }
    }
}

impl Profile {
    /// Returns the methods of this recipe for a network of fewer than ten million weights that learns from hundreds of rows.
    ///
    /// Published rates are for billions of weights, published batches for tens of thousands of rows: here an optimizer
    /// step has 16 rows, a rollout 64 responses, every rate is higher and rises over a twentieth of the run. Scores are
    /// normalized to deviation 1 on the supervised model's responses, so that one KL coefficient, and one penalty for a
    /// response that does not end, suits any data. Step 1 keeps its published dropout, without which its passes learn a few
    /// hundred demonstrations by heart and words of a prompt are copied worse; no other step has any. The pretraining mix,
    /// whose published weight keeps a small network from ever ending a response, is left out. Losses over pairs learn the
    /// chosen responses too, without which DPO makes both less likely. The numbers are **filled in**: measured on networks
    /// of 120,000 and 260,000 weights.
    ///
    /// ```
    /// use rlhf_train::profile::Profile;
    /// let published = Profile::instructgpt().with_method("grpo", 64).unwrap();
    /// let small = published.small();
    /// assert_eq!((published.responses_per_iteration(), small.responses_per_iteration()), (Some(128), Some(64)));
    /// assert_eq!(small, small.small());
    /// ```
    pub fn small(self) -> Self {
        Self {
            // Without dropout so many passes learn the demonstrations by heart.
            supervised: self
                .supervised
                .map(|passes| Passes { dropout: passes.dropout, ..passes.small(16, 1e-3) }),
            reward: self.reward.small(),
            ppo: self.ppo.small(),
            method: self.method.small(),
        }
    }
}

impl Method {
    fn small(self) -> Self {
        match self {
            Self::Ppo | Self::Nlpo(_) => self,
            Self::OnPolicy(settings) => Self::OnPolicy(settings.small()),
            Self::Preference(settings) => Self::Preference(settings.small()),
            Self::Kto(settings) => {
                Self::Kto(KtoTraining { passes: settings.passes.small(3, 1e-4), ..settings })
            }
            Self::Online(settings) => Self::Online(settings.small()),
            Self::ExpertIteration(settings) => Self::ExpertIteration(settings.small()),
            Self::Bandit(settings) => {
                Self::Bandit(BanditTraining { passes: settings.passes.small(3, 1e-4), ..settings })
            }
            Self::Trpo(settings) => Self::Trpo(TrustRegion {
                prompts: prompts(settings.group),
                beta: KL,
                missing_end: MISSING_END,
                ..settings
            }),
            Self::Distillation(settings) => Self::Distillation(DistillationTraining {
                passes: settings.passes.small(8, 1e-3),
                ..settings
            }),
            Self::Ilql(settings) => {
                Self::Ilql(IlqlTraining { passes: settings.passes.small(8, 3e-4), ..settings })
            }
        }
    }
}

/// Prompts of a rollout of 64 responses.
fn prompts(group: u32) -> u32 {
    (RESPONSES / group.max(1)).max(1)
}

impl Optimizer {
    fn small(self, learning_rate: f64) -> Self {
        let max_grad_norm = self.max_grad_norm.or(Some(1.0));
        Self { learning_rate, warm_up: WARM_UP, warm_up_from: 0.0, max_grad_norm, ..self }
    }
}

impl Passes {
    fn small(self, epochs: u32, learning_rate: f64) -> Self {
        Self { epochs, batch: BATCH, dropout: 0.0, optimizer: self.optimizer.small(learning_rate) }
    }
}

impl RolloutPasses {
    fn small(self, minibatches: u32) -> Self {
        let minibatches = self.minibatches.min(minibatches);
        Self { minibatches, dropout: 0.0, optimizer: self.optimizer.small(1e-4), ..self }
    }
}

impl RewardModel {
    fn small(self) -> Self {
        Self {
            epochs: 3,
            batch: Some(BATCH),
            optimizer: self.optimizer.small(5e-4),
            normalization: RewardNormalization::Ziegler2019 { samples: 256 },
            ..self
        }
    }
}

impl Ppo {
    fn small(self) -> Self {
        Self {
            batch: Some(RESPONSES),
            minibatches: self.minibatches.min(2),
            shaping: Shaping { missing_end: MISSING_END, ..self.shaping },
            controller: KlController::Fixed { beta: KL },
            policy: self.policy.small(2e-4),
            critic: self.critic.small(5e-4),
            pretraining: None,
            average: None,
            ..self
        }
    }
}

impl OnPolicy {
    fn small(self) -> Self {
        // The penalty stands in the loss or in the reward, as the method has it.
        let (kl, beta) = match self.kl {
            Some(term) => (Some(KlTerm { beta: KL, ..term }), 0.0),
            None => (None, KL),
        };
        let credit = match self.credit {
            // Responses that are all but alike are not told apart by their last digits.
            Credit::Response(credit) if credit.scale == Scale::Group => {
                Credit::Response(GroupAdvantages { epsilon: 0.5, ..credit })
            }
            credit => credit,
        };
        Self {
            prompts: prompts(self.group),
            missing_end: MISSING_END,
            passes: self.passes.small(2),
            kl,
            beta,
            credit,
            ..self
        }
    }
}

impl PreferenceTraining {
    /// With the chosen responses learned beside.
    fn small(self) -> Self {
        let supervised = SupervisedTerm { coefficient: 1.0, per: Per::Response };
        Self { objective: Preference { supervised, ..self.objective }, passes: self.passes.small(3, 1e-4) }
    }
}

impl OnlinePreference {
    fn small(self) -> Self {
        Self {
            prompts: prompts(self.method.samples()),
            missing_end: MISSING_END,
            passes: self.passes.small(2),
            ..self
        }
    }
}

impl ExpertIteration {
    fn small(self) -> Self {
        Self { prompts: prompts(self.group), missing_end: MISSING_END, passes: self.passes.small(1), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_is_valid_and_changed_once() {
        for name in Method::names() {
            let published = Profile::instructgpt().with_method(name, 53).unwrap();
            let small = published.small();
            small.validate().unwrap();
            assert_eq!(small, small.small(), "{name}");
            assert_ne!((published.method, published.ppo), (small.method, small.ppo), "{name}");
        }
        assert_eq!(Profile::by_name("small").unwrap(), Profile::instructgpt().small());
    }

    #[test]
    fn step_1_alone_keeps_its_dropout() {
        for name in Method::names() {
            let published = Profile::instructgpt().with_method(name, 53).unwrap();
            let small = published.small();
            let dropout = |profile: Profile| profile.supervised.map(|passes| passes.dropout);
            assert_eq!((dropout(published), dropout(small)), (Some(0.2), Some(0.2)), "{name}");
            assert!(small.method.passes().is_none_or(|(_, passes)| passes.dropout == 0.0), "{name}");
        }
    }

    #[test]
    fn a_rollout_has_64_responses_and_no_rate_is_for_billions_of_weights() {
        for name in Method::names() {
            let small = Profile::instructgpt().with_method(name, 53).unwrap().small();
            assert_eq!(small.responses_per_iteration().unwrap_or(64).max(BATCH.into()) % 16, 0, "{name}");
            if let Some((_, passes)) = small.method.passes() {
                assert!(passes.optimizer.learning_rate >= 1e-4 && passes.batch == BATCH, "{name}");
            }
        }
    }
}
