//! The profiles that follow a reference.

use super::optimizer::optimizer;
use super::{
    AdvantageWhitening, CriticInit, HeadInit, Method, Optimizer, Ppo, PretrainingMix, Profile, RewardLoss,
    RewardModel, RewardNormalization, Supervised, WarmUpLength,
};
use rlhf_core::advantage::{
    End, Gae, Guard, KlController, MeanShift, MissingEnd, ScorePlacement, Shaping, Variance, Whitening,
};
use rlhf_core::loss::{PolicyClip, RankTies, Stages, Ties};
use rlhf_core::optim::{Adam, EpsilonAt, Shape};

const GAE: Gae = Gae::new(1.0, 0.95);

fn with_betas(beta1: f64, beta2: f64, o: Optimizer) -> Optimizer {
    Optimizer { adam: Adam { beta1, beta2, ..o.adam }, ..o }
}

fn with_epsilon(epsilon: f64, epsilon_at: EpsilonAt, o: Optimizer) -> Optimizer {
    Optimizer { adam: Adam { epsilon, epsilon_at, ..o.adam }, ..o }
}

impl Default for Supervised {
    /// InstructGPT's step 1 (Ouyang et al., arXiv:2203.02155, appendix C).
    fn default() -> Self {
        let optimizer = with_betas(0.9, 0.95, optimizer(9.65e-6, Shape::Cosine { floor: 0.1 }));
        Self { epochs: 16, batch: 32, dropout: 0.2, optimizer }
    }
}

impl Default for RewardModel {
    /// [`Profile::instructgpt`]'s step 2.
    fn default() -> Self {
        Profile::instructgpt().reward
    }
}

impl Default for Ppo {
    /// [`Profile::instructgpt`]'s step 3.
    fn default() -> Self {
        Profile::instructgpt().ppo
    }
}

impl Profile {
    /// InstructGPT (Ouyang et al., arXiv:2203.02155, appendices C and E), its 1.3B and 6B models.
    ///
    /// **Not published**, and so filled in: the policy's learning rate (5e-6: inside the sweep
    /// 2.55e-6 … 2.55e-5, below the 8.05e-6 above which runs without the pretraining mix diverged);
    /// GAE's λ, the value clip and advantage whitening (as Stiennon et al., arXiv:2009.01325, and
    /// `huang2024`); whether dropped ties shrink C(K, 2) (they do); Adam's ε.
    pub fn instructgpt() -> Self {
        let adam = |rate, shape| with_betas(0.9, 0.95, optimizer(rate, shape));
        let cosine = Shape::Cosine { floor: 0.1 };
        let warmed = |o| Optimizer { warm_up: WarmUpLength::Iterations(10), warm_up_from: 0.1, ..o };
        Self {
            supervised: Some(Supervised::default()),
            reward: RewardModel {
                loss: RewardLoss::KWise(Ties::ShrinkDivisor),
                head: HeadInit::InverseRoot,
                epochs: 1,
                batch: Some(64),
                optimizer: adam(9e-6, cosine),
                normalization: RewardNormalization::CenterOnDemonstrations,
                pretraining: None,
                ensemble: None,
            },
            ppo: Ppo {
                batch: Some(512),
                epochs: 1,
                minibatches: 8,
                temperature: 1.0,
                shaping: Shaping::PLAIN,
                controller: KlController::Fixed { beta: 0.02 },
                reward_whitening: None,
                gae: GAE,
                advantage_whitening: AdvantageWhitening::Batch(Whitening::to_zero(Variance::Population)),
                policy_clip: PolicyClip::symmetric(0.2),
                ratio_threshold: None,
                entropy: 0.0,
                value_clip: Some(0.2),
                value_coefficient: 1.0,
                critic_init: CriticInit::RewardModel,
                policy: warmed(adam(5e-6, Shape::Constant)),
                critic: warmed(adam(9e-6, Shape::Constant)),
                pretraining: Some(PretrainingMix { coefficient: 27.8, examples: 8.0 }),
                average: Some(0.992),
                dropout: 0.0,
            },
            method: Method::Ppo,
        }
    }

    /// Ziegler et al. (arXiv:1909.08593) and its code, openai/lm-human-preferences, with the settings
    /// of its sentiment and descriptiveness tasks.
    ///
    /// There, policy and value share one network (which is what a value coefficient of 0.1 is about)
    /// and rewards are whitened inside the loss, which with one minibatch is the same as before it.
    /// Its reward loss is softmax cross-entropy on the best of four answers; with two it is the pairwise
    /// one. Where several answers share the best rank, each counts as chosen, which it leaves open.
    pub fn ziegler2019() -> Self {
        let linear = |rate| optimizer(rate, Shape::Linear);
        let ppo = with_epsilon(1e-5, EpsilonAt::Raw, linear(1e-5));
        Self {
            supervised: None,
            reward: RewardModel {
                loss: RewardLoss::PlackettLuce(Stages { top: Some(1), ties: RankTies::Breslow }),
                head: HeadInit::InverseRoot,
                epochs: 1,
                batch: Some(32),
                optimizer: with_epsilon(1e-5, EpsilonAt::Raw, linear(5e-5)),
                normalization: RewardNormalization::Ziegler2019 { samples: 256 },
                pretraining: None,
                ensemble: None,
            },
            ppo: Ppo {
                batch: None,
                epochs: 4,
                minibatches: 1,
                temperature: 0.7,
                shaping: Shaping { missing_end: MissingEnd::Replace(-1.0), ..Shaping::PLAIN },
                controller: KlController::Adaptive { beta: 0.15, target: 6.0, horizon: 10_000.0 },
                reward_whitening: Some(Whitening::keeping_mean(Variance::Population)),
                gae: GAE,
                advantage_whitening: AdvantageWhitening::Minibatch(Whitening::to_zero(Variance::Population)),
                policy_clip: PolicyClip::symmetric(0.2),
                ratio_threshold: None,
                entropy: 0.0,
                value_clip: Some(0.2),
                value_coefficient: 0.1,
                critic_init: CriticInit::Policy(HeadInit::Zero),
                policy: ppo,
                critic: ppo,
                pretraining: None,
                average: None,
                dropout: 0.0,
            },
            method: Method::Ppo,
        }
    }

    /// Huang et al. (arXiv:2403.17031) and its code, vwxyzjn/summarize_from_feedback_details.
    pub fn huang2024() -> Self {
        let linear = with_epsilon(1e-5, EpsilonAt::Corrected, optimizer(3e-6, Shape::Linear));
        Self {
            supervised: None,
            reward: RewardModel {
                loss: RewardLoss::Pairwise { centering: 0.0, margin: None },
                head: HeadInit::InverseRoot,
                epochs: 1,
                batch: None,
                optimizer: linear,
                normalization: RewardNormalization::CenterOnReference,
                pretraining: None,
                ensemble: None,
            },
            ppo: Ppo {
                batch: None,
                epochs: 4,
                minibatches: 1,
                temperature: 0.7 + 1e-7,
                shaping: Shaping {
                    placement: ScorePlacement::AfterLastToken,
                    missing_end: MissingEnd::Replace(-1.0),
                    ..Shaping::PLAIN
                },
                controller: KlController::Fixed { beta: 0.05 },
                reward_whitening: None,
                gae: GAE,
                advantage_whitening: AdvantageWhitening::Batch(Whitening::to_zero(Variance::Population)),
                policy_clip: PolicyClip::symmetric(0.2),
                ratio_threshold: None,
                entropy: 0.0,
                value_clip: Some(0.2),
                value_coefficient: 0.1,
                critic_init: CriticInit::RewardModel,
                policy: linear,
                critic: linear,
                pretraining: None,
                average: None,
                dropout: 0.0,
            },
            method: Method::Ppo,
        }
    }

    /// Hugging Face TRL 1.10 (`experimental/ppo`; the same numbers as 0.23) at its defaults. Its
    /// reward trainer's rate is not in our sources: PPO's stands in for it.
    pub fn trl() -> Self {
        let linear = optimizer(3e-6, Shape::Linear);
        let huang = Self::huang2024();
        Self {
            supervised: None,
            reward: RewardModel {
                head: HeadInit::Normal(0.02),
                optimizer: linear,
                normalization: RewardNormalization::None,
                ..huang.reward
            },
            ppo: Ppo {
                shaping: Shaping { missing_end: MissingEnd::Keep, end: End::Eos, ..huang.ppo.shaping },
                advantage_whitening: AdvantageWhitening::Batch(Whitening::to_zero(Variance::Bessel)),
                policy: linear,
                critic: linear,
                ..huang.ppo
            },
            method: Method::Ppo,
        }
    }

    /// OpenRLHF 0.11 at its defaults; its reward trainer's rate and batch are not in our sources, so
    /// the critic's and PPO's stand in for them. Its normalization of scores by the mean and deviation of its
    /// evaluation set is off unless asked for there, and so here.
    pub fn openrlhf() -> Self {
        let cosine = |rate| Optimizer {
            warm_up: WarmUpLength::Share(0.03),
            max_grad_norm: Some(1.0),
            ..with_betas(0.9, 0.95, optimizer(rate, Shape::Cosine { floor: 0.1 }))
        };
        let whitening = Whitening {
            mean: MeanShift::ToZero,
            variance: Variance::Population,
            guard: Guard::AtLeast(1e-8),
        };
        Self {
            supervised: None,
            reward: RewardModel {
                loss: RewardLoss::Pairwise { centering: 0.0, margin: None },
                head: HeadInit::Inverse,
                epochs: 1,
                batch: None,
                optimizer: cosine(9e-6),
                normalization: RewardNormalization::None,
                pretraining: None,
                ensemble: None,
            },
            ppo: Ppo {
                batch: Some(1024),
                epochs: 1,
                minibatches: 8,
                temperature: 1.0,
                shaping: Shaping { kl_clip: Some(10.0), score_clip: Some(10.0), ..Shaping::PLAIN },
                controller: KlController::Fixed { beta: 0.01 },
                reward_whitening: None,
                gae: Gae { lambda: 1.0, ..GAE },
                advantage_whitening: AdvantageWhitening::Batch(whitening),
                policy_clip: PolicyClip { log_ratio: Some(20.0), ..PolicyClip::symmetric(0.2) },
                ratio_threshold: None,
                entropy: 0.0,
                value_clip: Some(0.5),
                value_coefficient: 1.0,
                critic_init: CriticInit::RewardModel,
                policy: cosine(1e-6),
                critic: cosine(9e-6),
                pretraining: None,
                average: None,
                dropout: 0.0,
            },
            method: Method::Ppo,
        }
    }
}
