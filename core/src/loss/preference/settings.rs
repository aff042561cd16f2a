//! Settings of losses over pairs.

use crate::Error;
use crate::log_probs::Reduction;
use crate::loss::RewardShape;
use crate::ranges::{finite, positive, within};

/// A loss over pairs of a chosen and a rejected response, by name. From `cpo` on they are the formulas
/// above with other settings ([`Preference::new`]).
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum PreferenceLoss {
    /// Logistic (Rafailov et al., arXiv:2305.18290).
    #[default]
    Dpo,
    /// DPO with smoothed labels (the same).
    Cdpo,
    /// DPO without the bias of flipped labels (arXiv:2403.00409).
    Robust,
    /// Regression (arXiv:2310.12036); on mean log-ratios per token, as TRL has it, where the paper sums.
    Ipo,
    /// SLiC's hinge (arXiv:2305.10425).
    Hinge,
    /// EXO over pairs (arXiv:2402.00856).
    ExoPair,
    /// NCA over pairs (arXiv:2402.05369).
    NcaPair,
    /// SPPO with hard labels (arXiv:2405.00675).
    SppoHard,
    /// APO-zero (arXiv:2408.06266).
    ApoZero,
    /// APO-down (the same).
    ApoDown,
    /// DiscoPOP (arXiv:2406.08414).
    Discopop,
    /// Alignment by optimal transport of margins: policy and reference margins, each sorted over the
    /// batch, are compared rank by rank (Melnyk et al., arXiv:2406.05882).
    Aot,
    /// AOT for responses that are no pairs: chosen and rejected log-ratios, each sorted.
    AotPair,
    /// DPO without a reference, with an SFT term (Xu et al., arXiv:2401.08417).
    Cpo,
    /// CPO's hinge.
    CpoHinge,
    /// CPO's regression.
    CpoIpo,
    /// A margin of mean log-probabilities, without a reference (Meng et al., arXiv:2405.14734).
    Simpo,
    /// SimPO with a shaped reward (arXiv:2501.03884).
    AlphaPo,
    /// Log-odds, without a reference, beside an SFT term (arXiv:2403.07691).
    Orpo,
}

impl PreferenceLoss {
    /// All losses, with their names in settings.
    pub const ALL: [(&'static str, Self); 19] = [
        ("dpo", Self::Dpo),
        ("cdpo", Self::Cdpo),
        ("robust", Self::Robust),
        ("ipo", Self::Ipo),
        ("hinge", Self::Hinge),
        ("exo_pair", Self::ExoPair),
        ("nca_pair", Self::NcaPair),
        ("sppo_hard", Self::SppoHard),
        ("apo_zero", Self::ApoZero),
        ("apo_down", Self::ApoDown),
        ("discopop", Self::Discopop),
        ("aot", Self::Aot),
        ("aot_pair", Self::AotPair),
        ("cpo", Self::Cpo),
        ("cpo_hinge", Self::CpoHinge),
        ("cpo_ipo", Self::CpoIpo),
        ("simpo", Self::Simpo),
        ("alpha_po", Self::AlphaPo),
        ("orpo", Self::Orpo),
    ];
}

use PreferenceLoss::{
    AlphaPo, Aot, AotPair, Cdpo, Cpo, CpoHinge, CpoIpo, Dpo, ExoPair, Ipo, Orpo, Robust, Simpo, SppoHard,
};

/// The baseline of a response's log-probability.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Against {
    /// The reference's log-probability.
    #[default]
    Reference,
    /// Nothing: the reference is not read.
    Nothing,
}

/// The elements that an SFT term is a mean over.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Per {
    /// The loss tokens of all chosen responses, as TRL has it.
    #[default]
    Token,
    /// Each chosen response's own tokens, then the pairs, as in RPO (Pang et al., arXiv:2404.19733).
    Response,
}

/// An SFT term on the chosen responses: `coefficient` times their mean −ln p.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize))]
pub struct SupervisedTerm {
    /// The weight beside the preference loss; 0 leaves it out.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub coefficient: f64,
    /// The elements that the mean is taken over.
    pub per: Per,
}

/// A loss over pairs, with all its numbers.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize))]
pub struct Preference {
    /// The name of the loss.
    pub loss: PreferenceLoss,
    /// β: implicit reward per nat of log-ratio; ORPO's λ, the weight of its loss.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub beta: f64,
    /// The probability that a label is wrong: `cdpo`, `robust`, `exo_pair`, `aot`, `aot_pair`, `cpo`,
    /// `simpo`, `alpha_po`, up to ½, below it for `robust`. 0 for the others.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 0.5)))]
    pub label_smoothing: f64,
    /// γ, by how much the chosen implicit reward is to win: `dpo`, `cdpo`, `cpo`, `simpo`, `alpha_po`. 0
    /// for the others.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub margin: f64,
    /// τ of `discopop`; the others do not read it.
    #[cfg_attr(feature = "schema", schemars(extend("exclusiveMinimum" = 0)))]
    pub tau: f64,
    /// The shape of the implicit reward.
    pub shape: RewardShape,
    /// The reduction of a response's log-probabilities.
    pub reduction: Reduction,
    /// The baseline of the log-probability.
    pub against: Against,
    /// The SFT term.
    pub supervised: SupervisedTerm,
}

impl Preference {
    /// The settings that make the loss what its paper, or TRL where the paper leaves a choice, has.
    pub fn new(loss: PreferenceLoss) -> Self {
        let free = matches!(loss, Cpo | CpoHinge | CpoIpo | Simpo | AlphaPo | Orpo);
        let mean = matches!(loss, Ipo | Simpo | AlphaPo | Orpo);
        let supervised = if matches!(loss, Cpo | CpoHinge | CpoIpo | Orpo) { 1.0 } else { 0.0 };
        Self {
            loss,
            beta: if matches!(loss, Simpo | AlphaPo) { 2.0 } else { 0.1 },
            label_smoothing: match loss {
                Cdpo | Robust => 0.1,
                ExoPair => 1e-3,
                _ => 0.0,
            },
            margin: if matches!(loss, Simpo | AlphaPo) { 1.0 } else { 0.0 },
            tau: 0.05,
            shape: match loss {
                AlphaPo => RewardShape::Alpha(0.25),
                Orpo => RewardShape::LogOdds,
                _ => RewardShape::Log,
            },
            reduction: if mean { Reduction::Mean } else { Reduction::Sum },
            against: if free { Against::Nothing } else { Against::Reference },
            supervised: SupervisedTerm { coefficient: supervised, per: Per::Token },
        }
    }

    /// Returns whether the loss sorts over the optimizer batch, which is then never split.
    pub fn sorts(&self) -> bool {
        matches!(self.loss, Aot | AotPair)
    }

    /// Checks every number, also that none is set which the loss does not read.
    ///
    /// # Errors
    /// [`Error::Range`] names the setting, with 0 ..= 0 where the loss does not read it;
    /// [`Error::NotFinite`]; [`Error::Unknown`] for a shape that does not fit: AOT sorts log-ratios, and
    /// only a probability has odds.
    pub fn validate(&self) -> Result<(), Error> {
        match self.loss {
            Ipo | CpoIpo | SppoHard => positive("beta", self.beta)?,
            _ => within("beta", self.beta, 0.0, f64::MAX)?,
        }
        match self.loss {
            Cdpo | Aot | AotPair | Cpo | Simpo | AlphaPo => {
                within("label_smoothing", self.label_smoothing, 0.0, 0.5)?;
            }
            Robust => within("label_smoothing", self.label_smoothing, 0.0, 0.499)?,
            ExoPair => within("label_smoothing", self.label_smoothing, 1e-9, 0.5)?,
            _ => within("label_smoothing", self.label_smoothing, 0.0, 0.0)?,
        }
        match self.loss {
            Dpo | Cdpo | Cpo | Simpo | AlphaPo => within("margin", self.margin, 0.0, f64::MAX)?,
            _ => within("margin", self.margin, 0.0, 0.0)?,
        }
        positive("tau", self.tau)?;
        self.shape.validate()?;
        if self.sorts() && self.shape != RewardShape::Log {
            return Err(Error::Unknown { name: "shape", known: "log" });
        }
        if self.shape == RewardShape::LogOdds && self.against != Against::Nothing {
            return Err(Error::Unknown { name: "against", known: "nothing" });
        }
        finite("supervised coefficient", &[self.supervised.coefficient])?;
        within("supervised coefficient", self.supervised.coefficient, 0.0, f64::MAX)
    }
}
