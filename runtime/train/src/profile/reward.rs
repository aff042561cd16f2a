//! Step 2.

use super::Optimizer;
use rlhf_core::Error;
use rlhf_core::loss::{Grades, Stages, Ties};
use rlhf_core::ranges::within;
use rlhf_core::rewards::{EnsembleRule, StepScore};

/// Step 2: the reward model.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RewardModel {
    /// The loss, and with it the kind of data.
    pub loss: RewardLoss,
    /// The initialization of its head.
    pub head: HeadInit,
    /// Passes over the data, 1 or more.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub epochs: u32,
    /// Prompts (all their comparisons), pairs or labeled texts an optimizer step, where the reference gives it; 1 or
    /// more.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub batch: Option<u32>,
    /// The optimizer.
    pub optimizer: Optimizer,
    /// The normalization of its scores before PPO.
    pub normalization: RewardNormalization,
    /// Preference-model pretraining before it, on the comparisons of `reward.pretraining_sources`.
    #[serde(default)]
    pub pretraining: Option<PreferenceModelPretraining>,
    /// Several models instead of one.
    #[serde(default)]
    pub ensemble: Option<RewardEnsemble>,
}

/// The losses of reward models.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RewardLoss {
    /// Rankings of K answers: [`rlhf_core::loss::Ranked`].
    KWise(Ties),
    /// Pairs: [`rlhf_core::loss::Pairwise`].
    Pairwise {
        /// The coefficient of the squared sum of a pair's scores.
        #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
        centering: f64,
        /// The factor of a row's margin, in units of score; `None`: margins are not used.
        #[serde(default)]
        #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
        margin: Option<f64>,
    },
    /// Rankings as successive choices, or the best of several: [`rlhf_core::loss::Ranked`].
    PlackettLuce(Stages),
    /// Pairs, ties and degrees of preference: [`rlhf_core::loss::Graded`].
    Graded(Grading),
    /// Texts that are right or wrong: [`rlhf_core::loss::Outcome`].
    Outcome,
    /// Texts whose steps are right or wrong: [`rlhf_core::loss::Process`]. How steps make the score of a
    /// whole text.
    Process(StepScore),
}

impl RewardLoss {
    /// Returns whether the loss learns from labels of texts or of their steps, not from comparisons.
    pub fn labels(self) -> bool {
        matches!(self, Self::Outcome | Self::Process(_))
    }

    fn validate(self) -> Result<(), Error> {
        match self {
            Self::Pairwise { centering, margin } => {
                within("centering", centering, 0.0, f64::MAX)?;
                within("margin", margin.unwrap_or(0.0), 0.0, f64::MAX)
            }
            Self::PlackettLuce(stages) => stages.validate(),
            Self::Graded(grading) => grading.validate(),
            Self::KWise(_) | Self::Outcome | Self::Process(_) => Ok(()),
        }
    }
}

/// The likelihood of verdicts of several grades given scores: the settings of [`Grades`], which favor neither of
/// the two answers. All of them know ties.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Grading {
    /// Better, a tie, worse: [`Grades::RaoKupper`].
    RaoKupper {
        /// θ > 1: the ratio of strengths that is still no difference.
        #[cfg_attr(feature = "schema", schemars(extend("exclusiveMinimum" = 1)))]
        theta: f64,
    },
    /// Better, a tie, worse: [`Grades::Davidson`].
    Davidson {
        /// ν > 0: how likely a tie of equals is, relative to either winning.
        #[cfg_attr(feature = "schema", schemars(extend("exclusiveMinimum" = 0)))]
        nu: f64,
    },
    /// Clearly better, better, a tie, worse, clearly worse: [`Grades::Ordered`] with cuts at −`clear`,
    /// −`tie`, `tie`, `clear`, in units of score.
    Ordered {
        /// Above 0: what is between better and a tie.
        #[cfg_attr(feature = "schema", schemars(extend("exclusiveMinimum" = 0)))]
        tie: f64,
        /// Above `tie`: what is between clearly better and better.
        #[cfg_attr(feature = "schema", schemars(extend("exclusiveMinimum" = 0)))]
        clear: f64,
    },
}

impl Grading {
    /// The cuts of [`Self::Ordered`], for [`Self::grades`].
    pub fn cuts(self) -> [f64; 4] {
        match self {
            Self::Ordered { tie, clear } => [-clear, -tie, tie, clear],
            Self::RaoKupper { .. } | Self::Davidson { .. } => [0.0; 4],
        }
    }

    /// The model of grades; `cuts`: [`Self::cuts`].
    pub fn grades(self, cuts: &[f64; 4]) -> Grades<'_> {
        match self {
            Self::RaoKupper { theta } => Grades::RaoKupper { theta },
            Self::Davidson { nu } => Grades::Davidson { nu },
            Self::Ordered { .. } => Grades::Ordered { cuts },
        }
    }

    /// The grade of a pair whose first answer is better by this degree: 0 is a tie, 1 better, 2 clearly
    /// better; what is clearer than the model can say is as clear as it can.
    ///
    /// ```
    /// use rlhf_train::profile::Grading;
    /// assert_eq!(Grading::Davidson { nu: 1.0 }.grade(2), 2);
    /// assert_eq!(Grading::Ordered { tie: 0.5, clear: 2.0 }.grade(2), 4);
    /// ```
    pub fn grade(self, degree: u8) -> u8 {
        let tie = match self {
            Self::RaoKupper { .. } | Self::Davidson { .. } => 1,
            Self::Ordered { .. } => 2,
        };
        tie + degree.min(tie)
    }

    fn validate(self) -> Result<(), Error> {
        match self {
            // At the bounds of `Grades` a tie is impossible, and the loss of one infinite.
            Self::RaoKupper { theta } => within("theta", theta, 1.0 + f64::EPSILON, f64::MAX),
            Self::Davidson { nu } => rlhf_core::ranges::positive("nu", nu),
            Self::Ordered { tie, clear } => {
                rlhf_core::ranges::positive("tie", tie)?;
                within("clear", clear, tie, f64::MAX)?;
                Grades::Ordered { cuts: &self.cuts() }.validate()
            }
        }
    }
}

/// Preference-model pretraining: see [`rlhf_core::loss::PreferencePretraining`]. Pairs a batch, as of the
/// optimizer all but its rate, are those that come after.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PreferenceModelPretraining {
    /// Passes over the comparisons, 1 or more.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub epochs: u32,
    /// The coefficient of the language-model term on the better answers, 0 or more; the paper's is 1.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub language: f64,
    /// The highest learning rate, 0 or more.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub learning_rate: f64,
}

/// Several reward models, each with a head and an order of its own, as one (Coste et al.,
/// arXiv:2310.02743).
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RewardEnsemble {
    /// The number of members, 1 to 64.
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 64)))]
    pub members: u32,
    /// The combination of their scores.
    pub how: EnsembleRule,
}

/// The initialization of a scalar head on a network of width d; biases are 0.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum HeadInit {
    /// 0.
    Zero,
    /// Normal with deviation `1/√(d+1)` (lm-human-preferences `model.py:253`).
    InverseRoot,
    /// Normal with deviation `1/(d+1)` (OpenRLHF `model.py:170`, which means to do the other).
    Inverse,
    /// Normal with this deviation (Hugging Face: 0.02).
    Normal(#[cfg_attr(feature = "schema", schemars(range(min = 0)))] f64),
}

impl HeadInit {
    /// Checks the deviation.
    pub(super) fn validate(self) -> Result<(), Error> {
        match self {
            Self::Normal(deviation) => within("head deviation", deviation, 0.0, f64::from(f32::MAX)),
            Self::Zero | Self::InverseRoot | Self::Inverse => Ok(()),
        }
    }

    /// The deviation for a network of width `d`.
    pub fn deviation(self, d: usize) -> f64 {
        match self {
            Self::Zero => 0.0,
            Self::InverseRoot => 1.0 / libm::sqrt(d as f64 + 1.0),
            Self::Inverse => 1.0 / (d as f64 + 1.0),
            Self::Normal(deviation) => deviation,
        }
    }
}

/// The normalization of a reward model's scores before PPO: see [`rlhf_core::rewards::RewardScale`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RewardNormalization {
    /// Nothing.
    None,
    /// A bias, so that demonstrations average 0.
    CenterOnDemonstrations,
    /// A bias, so that responses of the reference policy average 0.
    CenterOnReference,
    /// Gain and bias, so that this many responses of the reference policy have mean 0 and variance 1.
    Ziegler2019 {
        /// Responses, 256 in the paper.
        #[cfg_attr(feature = "schema", schemars(range(min = 2, max = 65_536)))]
        samples: u32,
    },
}

impl RewardModel {
    /// Checks every range.
    ///
    /// # Errors
    /// [`Error::Range`] names the setting.
    pub fn validate(&self) -> Result<(), Error> {
        self.loss.validate()?;
        self.head.validate()?;
        within("reward epochs", f64::from(self.epochs), 1.0, f64::MAX)?;
        within("reward batch", self.batch.map_or(1.0, f64::from), 1.0, f64::MAX)?;
        self.optimizer.validate()?;
        if let RewardNormalization::Ziegler2019 { samples } = self.normalization {
            within("normalization samples", f64::from(samples), 2.0, 65_536.0)?;
        }
        if let Some(before) = self.pretraining {
            within("reward pretraining epochs", f64::from(before.epochs), 1.0, f64::MAX)?;
            within("language", before.language, 0.0, f64::MAX)?;
            self.before(&before).validate()?;
        }
        if let Some(ensemble) = self.ensemble {
            within("members", f64::from(ensemble.members), 1.0, 64.0)?;
            ensemble.how.validate()?;
        }
        Ok(())
    }

    /// The optimizer of what comes before.
    pub fn before(&self, pretraining: &PreferenceModelPretraining) -> Optimizer {
        Optimizer { learning_rate: pretraining.learning_rate, ..self.optimizer }
    }

    /// The number of models, and the combination of their scores.
    pub fn members(&self) -> RewardEnsemble {
        self.ensemble.unwrap_or(RewardEnsemble { members: 1, how: EnsembleRule::Mean })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Profile;

    #[test]
    fn a_wrong_setting_is_named() {
        let right = Profile::default().reward;
        let name = |reward: RewardModel| match reward.validate() {
            Err(Error::Range { name, .. }) => name,
            other => panic!("{other:?}"),
        };
        let pairwise = |centering, margin| RewardLoss::Pairwise { centering, margin };
        for (loss, want) in [
            (RewardLoss::PlackettLuce(Stages { top: Some(0), ..Stages::default() }), "top"),
            (pairwise(-1.0, None), "centering"),
            (pairwise(0.0, Some(-1.0)), "margin"),
            (RewardLoss::Graded(Grading::RaoKupper { theta: 1.0 }), "theta"),
            (RewardLoss::Graded(Grading::Davidson { nu: 0.0 }), "nu"),
            (RewardLoss::Graded(Grading::Ordered { tie: 0.0, clear: 1.0 }), "tie"),
            (RewardLoss::Graded(Grading::Ordered { tie: 1.0, clear: 0.5 }), "clear"),
            (RewardLoss::Graded(Grading::Ordered { tie: 1.0, clear: 1.0 }), "cuts"),
        ] {
            assert_eq!(name(RewardModel { loss, ..right }), want);
        }
        let how = EnsembleRule::LowerBound { deviations: -1.0 };
        for (members, how, want) in [(0, EnsembleRule::Mean, "members"), (2, how, "deviations")] {
            assert_eq!(name(RewardModel { ensemble: Some(RewardEnsemble { members, how }), ..right }), want);
        }
        let pretraining = PreferenceModelPretraining { epochs: 1, language: -1.0, learning_rate: 1e-5 };
        assert_eq!(name(RewardModel { pretraining: Some(pretraining), ..right }), "language");
        let pretraining = PreferenceModelPretraining { epochs: 0, language: 1.0, learning_rate: 1e-5 };
        assert_eq!(
            name(RewardModel { pretraining: Some(pretraining), ..right }),
            "reward pretraining epochs"
        );
    }

    #[test]
    fn grades_are_the_models() {
        for grading in [
            Grading::RaoKupper { theta: 1.5 },
            Grading::Davidson { nu: 0.5 },
            Grading::Ordered { tie: 0.5, clear: 2.0 },
        ] {
            let cuts = grading.cuts();
            let model = grading.grades(&cuts);
            assert_eq!(usize::from(grading.grade(u8::MAX)), model.highest());
            assert_eq!(2 * usize::from(grading.grade(0)), model.highest(), "a tie is in the middle");
        }
    }

    #[test]
    fn heads_start_as_their_references_start_them() {
        assert_eq!(HeadInit::InverseRoot.deviation(15), 0.25);
        assert_eq!(HeadInit::Inverse.deviation(15), 0.0625);
        assert_eq!((HeadInit::Zero.deviation(7), HeadInit::Normal(0.02).deviation(7)), (0.0, 0.02));
    }
}
