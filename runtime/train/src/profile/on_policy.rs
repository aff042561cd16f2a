//! Step 3 without a critic: policy gradients from groups of responses.

use super::names::{join, joined_len, text};
use super::{Optimizer, RolloutPasses};
use rlhf_core::Error;
use rlhf_core::advantage::{
    Baseline, GroupAdvantages, ImportanceCorrection, KlEstimator, MissingEnd, Overlong, Scale,
};
use rlhf_core::loss::{KlTerm, Normalization, PolicyClip, Surrogate};
use rlhf_core::ranges::{finite, positive, within};

/// Step 3 without a critic: some responses to each prompt, whose rewards are compared with one another
/// or with a baseline.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OnPolicy {
    /// Prompts a rollout, 1 or more.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub prompts: u32,
    /// Responses to each prompt, 1 or more; 2 where they are compared with one another.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub group: u32,
    /// Rounds of further prompts, 0 to 100, in place of those whose responses are all worth the same (DAPO's dynamic
    /// sampling); 0 keeps every prompt.
    #[cfg_attr(feature = "schema", schemars(range(max = 100)))]
    pub refill: u32,
    /// Logits are divided by this, in sampling and in training; above 0.
    #[cfg_attr(feature = "schema", schemars(extend("exclusiveMinimum" = 0)))]
    pub temperature: f64,
    /// β, per nat: what the distance from the reference takes off the reward; 0 or more.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub beta: f64,
    /// Rewards to advantages.
    pub credit: Credit,
    /// The penalty of long responses: from `longest` less `buffer` tokens on, it rises up to `penalty`.
    pub overlong: Option<Overlong>,
    /// The cost of a missing end, before responses are compared.
    #[serde(default)]
    pub missing_end: MissingEnd,
    /// The surrogate loss.
    pub surrogate: Surrogate,
    /// The denominator of the loss.
    pub normalization: Normalization,
    /// The distance from the reference in the loss.
    pub kl: Option<KlTerm>,
    /// The entropy bonus's coefficient.
    pub entropy: f64,
    /// Iterations that the sampler lags behind the policy: a copy that catches up every `stale + 1` iterations. At 0 the
    /// policy samples itself.
    pub stale: u32,
    /// Weights for a sampler that is not quite the trainer's policy. Costs a pass over each rollout.
    pub importance: Option<ImportanceCorrection>,
    /// The passes over a rollout.
    #[serde(flatten)]
    pub passes: RolloutPasses,
}

/// The way from rewards to advantages.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Credit {
    /// A response's tokens share its advantage; β takes the whole response's KL off its score.
    Response(GroupAdvantages),
    /// Each token gets the rewards that follow it, β's KL penalty token by token and the score at the
    /// end, whitened over the rollout (REINFORCE++).
    Token {
        /// The discount a token, 0 ..= 1.
        #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 1)))]
        gamma: f64,
    },
}

const REINFORCE: OnPolicy = OnPolicy {
    prompts: 64,
    group: 1,
    refill: 0,
    temperature: 1.0,
    beta: 0.05,
    credit: Credit::Response(GroupAdvantages {
        baseline: Baseline::Moving { decay: 0.9 },
        scale: Scale::None,
        epsilon: 0.0,
    }),
    overlong: None,
    missing_end: MissingEnd::Keep,
    surrogate: Surrogate::LogProb,
    // The sum over a response's tokens: the gradient of the expected reward itself.
    normalization: Normalization::Constant { length: 1 },
    kl: None,
    entropy: 0.0,
    stale: 0,
    importance: None,
    passes: passes(1),
};

/// One pass of this many steps.
const fn passes(minibatches: u32) -> RolloutPasses {
    let once = RolloutPasses::once(minibatches, 1e-6);
    RolloutPasses { optimizer: Optimizer { max_grad_norm: Some(1.0), ..once.optimizer }, ..once }
}

const GRPO: OnPolicy = OnPolicy {
    prompts: 16,
    group: 8,
    beta: 0.0,
    credit: Credit::Response(GroupAdvantages {
        baseline: Baseline::GroupMean,
        scale: Scale::Group,
        epsilon: 1e-4,
    }),
    surrogate: Surrogate::Clipped(PolicyClip::symmetric(0.2)),
    normalization: Normalization::Response,
    kl: Some(KlTerm { beta: 0.04, estimator: KlEstimator::K3 }),
    ..REINFORCE
};

/// The methods, by name.
const METHODS: [(&str, OnPolicy); 10] = [
    ("reinforce", OnPolicy::reinforce()),
    ("remax", OnPolicy::remax()),
    ("rloo", OnPolicy::rloo()),
    ("reinforce_pp", OnPolicy::reinforce_pp()),
    ("grpo", OnPolicy::grpo()),
    ("dr_grpo", OnPolicy::dr_grpo()),
    ("dapo", OnPolicy::dapo()),
    ("gspo", OnPolicy::gspo()),
    ("cispo", OnPolicy::cispo()),
    ("sapo", OnPolicy::sapo()),
];

/// The longest response, until [`OnPolicy::with_longest`] says another.
const LENGTH: u32 = 64;

impl OnPolicy {
    /// REINFORCE with a moving average of rewards as its baseline (Williams, 1992), one step a rollout;
    /// the KL penalty is taken off the reward.
    pub const fn reinforce() -> Self {
        REINFORCE
    }

    /// ReMax (Li et al., arXiv:2310.10505): REINFORCE against the greedy response's reward.
    pub const fn remax() -> Self {
        let credit = GroupAdvantages { baseline: Baseline::Greedy, scale: Scale::None, epsilon: 0.0 };
        OnPolicy { credit: Credit::Response(credit), ..REINFORCE }
    }

    /// RLOO (Ahmadian et al., arXiv:2402.14740): four responses, each against the mean of the others.
    pub const fn rloo() -> Self {
        let credit = GroupAdvantages { baseline: Baseline::LeaveOneOut, scale: Scale::None, epsilon: 0.0 };
        OnPolicy { prompts: 32, group: 4, credit: Credit::Response(credit), ..REINFORCE }
    }

    /// REINFORCE++ (Hu et al., arXiv:2501.03262): token-level KL penalties, rewards to go whitened over
    /// the batch, PPO's clip.
    pub const fn reinforce_pp() -> Self {
        OnPolicy {
            beta: 0.01,
            credit: Credit::Token { gamma: 1.0 },
            surrogate: Surrogate::Clipped(PolicyClip::symmetric(0.2)),
            normalization: Normalization::Token,
            passes: passes(4),
            ..REINFORCE
        }
    }

    /// GRPO (Shao et al., arXiv:2402.03300): advantages in deviations of the group, k3 in the loss.
    pub const fn grpo() -> Self {
        GRPO
    }

    /// Dr. GRPO (Liu et al., arXiv:2503.20783): GRPO divided neither by a group's deviation nor by a
    /// response's length.
    pub const fn dr_grpo() -> Self {
        let credit = GroupAdvantages { baseline: Baseline::GroupMean, scale: Scale::None, epsilon: 0.0 };
        OnPolicy {
            credit: Credit::Response(credit),
            normalization: Normalization::Constant { length: LENGTH },
            kl: None,
            ..GRPO
        }
    }

    /// DAPO (Yu et al., arXiv:2503.14476): a higher upper clip, every token counts the same, prompts
    /// without signal are replaced, overlong responses pay.
    pub const fn dapo() -> Self {
        OnPolicy {
            refill: 3,
            surrogate: Surrogate::Clipped(PolicyClip { high: 0.28, ..PolicyClip::symmetric(0.2) }),
            normalization: Normalization::Token,
            kl: None,
            overlong: Some(Overlong { longest: LENGTH, buffer: LENGTH / 4, penalty: 1.0 }),
            ..GRPO
        }
    }

    /// GSPO (Zheng et al., arXiv:2507.18071): the ratio is the response's, within 3e-4 and 4e-4.
    pub const fn gspo() -> Self {
        let clip = PolicyClip { high: 4e-4, ..PolicyClip::symmetric(3e-4) };
        OnPolicy { surrogate: Surrogate::SequenceMean(clip), passes: passes(4), kl: None, ..GRPO }
    }

    /// CISPO (MiniMax, arXiv:2506.13585): the ratio weighs a token and is not differentiated; no lower
    /// clip. Its upper clip is not published: 2 here.
    pub const fn cispo() -> Self {
        let clip = PolicyClip { high: 1.0, ..PolicyClip::symmetric(1.0) };
        let surrogate = Surrogate::Detached(clip);
        OnPolicy { surrogate, normalization: Normalization::Token, passes: passes(4), kl: None, ..GRPO }
    }

    /// SAPO (Qwen Team, arXiv:2511.20347): GRPO with a soft gate on the ratio in place of a clip, which fades faster
    /// where the advantage is negative; no KL term. **Filled in**: the minibatches, as in [`Self::gspo`].
    pub const fn sapo() -> Self {
        let surrogate = Surrogate::SoftGate { positive: 1.0, negative: 1.05 };
        OnPolicy { surrogate, passes: passes(4), kl: None, ..GRPO }
    }

    /// Adapts the method to responses of at most `tokens` tokens, where it depends on their length.
    pub const fn with_longest(mut self, tokens: u32) -> Self {
        if let Normalization::Constant { length: LENGTH } = self.normalization {
            self.normalization = Normalization::Constant { length: tokens };
        }
        if let Some(Overlong { penalty, .. }) = self.overlong {
            let buffer = if tokens < 4 { 1 } else { tokens / 4 };
            self.overlong = Some(Overlong { longest: tokens, buffer, penalty });
        }
        self
    }

    /// The names that [`Self::by_name`] knows.
    pub const NAMES: [&'static str; METHODS.len()] = {
        let (mut names, mut i) = ([""; METHODS.len()], 0);
        while i < names.len() {
            names[i] = METHODS[i].0;
            i += 1;
        }
        names
    };

    /// The names, joined by commas.
    pub(super) const LIST: &str = {
        const JOINED: [u8; joined_len(&OnPolicy::NAMES)] = join(&OnPolicy::NAMES);
        text(&JOINED)
    };

    /// A method by its name.
    pub fn by_name(name: &str) -> Option<Self> {
        METHODS.into_iter().find(|(known, _)| *known == name).map(|(_, method)| method)
    }

    /// Checks every range.
    ///
    /// # Errors
    /// [`Error::Range`] names the setting; [`Error::TooFew`] for a group of one that is its own
    /// baseline or scale.
    pub fn validate(&self) -> Result<(), Error> {
        for (name, count) in [("prompts", self.prompts), ("group", self.group)] {
            within(name, f64::from(count), 1.0, f64::MAX)?;
        }
        within("refill", f64::from(self.refill), 0.0, 100.0)?;
        positive("temperature", self.temperature)?;
        within("beta", self.beta, 0.0, f64::MAX)?;
        finite("entropy", &[self.entropy])?;
        match self.credit {
            Credit::Token { gamma } => within("gamma", gamma, 0.0, 1.0)?,
            Credit::Response(credit) => {
                credit.validate()?;
                let compared = matches!(credit.baseline, Baseline::GroupMean | Baseline::LeaveOneOut)
                    || credit.scale == Scale::Group;
                if compared && self.group < 2 {
                    return Err(Error::TooFew { name: "group", need: 2, got: self.group as usize });
                }
            }
        }
        self.surrogate.validate()?;
        if let Normalization::Constant { length } = self.normalization {
            within("normalization length", f64::from(length), 1.0, f64::MAX)?;
        }
        self.overlong.map_or(Ok(()), |overlong| overlong.validate())?;
        self.missing_end.validate()?;
        self.kl.map_or(Ok(()), |kl| kl.validate())?;
        self.importance.map_or(Ok(()), |importance| importance.validate())?;
        self.passes.validate()
    }

    /// The most prompts that a rollout may ask for.
    pub fn prompts_per_iteration(&self) -> usize {
        self.prompts as usize * (1 + self.refill as usize)
    }
}

impl Default for OnPolicy {
    /// [`OnPolicy::grpo`].
    fn default() -> Self {
        GRPO
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_are_valid_and_found_by_name() {
        for name in OnPolicy::NAMES {
            OnPolicy::by_name(name).unwrap().validate().unwrap();
        }
        assert_eq!(OnPolicy::by_name("ppo"), None);
    }

    #[test]
    fn a_group_of_one_is_refused_where_it_is_compared_with_itself() {
        for method in [OnPolicy::grpo(), OnPolicy::rloo(), OnPolicy::dr_grpo()] {
            let refused = OnPolicy { group: 1, ..method }.validate();
            assert_eq!(refused, Err(Error::TooFew { name: "group", need: 2, got: 1 }));
        }
        assert_eq!(OnPolicy::reinforce().group, 1);
    }
}
