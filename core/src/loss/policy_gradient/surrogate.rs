//! Surrogates, which are differentiated in place of the expected reward.

mod soft_gate;

use crate::loss::{PolicyClip, PolicyToken};
use crate::ranges::positive;
use crate::{Error, Real};

/// The loss of a token or a response, with `ρ = exp(log_prob − old)` and advantage A.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Surrogate {
    /// `−A·ln π`: REINFORCE (Williams, 1992) and A2C (Mnih et al., arXiv:1602.01783). For samples of
    /// the very policy that learns.
    LogProb,
    /// [`PolicyClip::token`], token by token: PPO, GRPO; with `high` above `low` DAPO's clip-higher.
    Clipped(PolicyClip),
    /// `−clip(ρ)·A·ln π` with the clipped ratio held constant: its slope, `−clip(ρ)·A`, leaves no token
    /// without gradient (CISPO, MiniMax, arXiv:2506.13585, eq. 4, which leaves out the lower limit:
    /// `low` = 1). A dual clip has nothing to do here.
    Detached(PolicyClip),
    /// [`Surrogate::Clipped`] with the geometric mean of a response's ratios in place of each (GSPO,
    /// Zheng et al., arXiv:2507.18071, eq. 5 to 7). It couples the tokens of a sequence.
    SequenceMean(PolicyClip),
    /// [`Surrogate::Clipped`] with the product of a response's ratios, its probability's ratio, in place
    /// of each (TRL's RLOO trainer). It couples the tokens of a sequence.
    SequenceProduct(PolicyClip),
    /// `−A·f(ρ)` with `f(ρ) = (4/τ)·σ(τ·(ρ − 1))`, a soft gate in place of a clip (SAPO, Qwen Team,
    /// arXiv:2511.20347).
    SoftGate {
        /// τ of tokens with an advantage above 0; above 0.
        #[cfg_attr(feature = "schema", schemars(extend("exclusiveMinimum" = 0)))]
        positive: f64,
        /// τ of all other tokens; above 0.
        #[cfg_attr(feature = "schema", schemars(extend("exclusiveMinimum" = 0)))]
        negative: f64,
    },
}

impl Surrogate {
    /// Returns whether a response's tokens share one ratio.
    pub fn by_sequence(&self) -> bool {
        matches!(self, Self::SequenceMean(_) | Self::SequenceProduct(_))
    }

    /// Checks every range.
    ///
    /// # Errors
    /// [`Error::Range`] names the setting.
    pub fn validate(&self) -> Result<(), Error> {
        match self {
            Self::LogProb => Ok(()),
            Self::Clipped(clip)
            | Self::Detached(clip)
            | Self::SequenceMean(clip)
            | Self::SequenceProduct(clip) => clip.validate(),
            Self::SoftGate { positive: p, negative: n } => {
                positive("soft gate positive", *p)?;
                positive("soft gate negative", *n)
            }
        }
    }

    /// The loss of one token and its slope with respect to `log_prob`; of a whole sequence, where
    /// `log_prob − old` is the logarithm of the ratio its tokens share.
    pub fn token<R: Real>(&self, log_prob: R, old: R, advantage: R) -> PolicyToken<R> {
        match *self {
            Self::LogProb => PolicyToken {
                loss: -advantage * log_prob,
                slope: -advantage,
                ratio: (log_prob - old).exp(),
                clipped: false,
                bounded: false,
            },
            Self::Clipped(clip) | Self::SequenceMean(clip) | Self::SequenceProduct(clip) => {
                clip.token(log_prob, old, advantage)
            }
            Self::Detached(clip) => {
                let ratio = clip.token(log_prob, old, advantage).ratio;
                let weight = ratio.clamp(R::of(1.0 - clip.low), R::of(1.0 + clip.high));
                let slope = -weight * advantage;
                let clipped = weight != ratio;
                PolicyToken { loss: slope * log_prob, slope, ratio, clipped, bounded: false }
            }
            Self::SoftGate { positive, negative } => {
                let tau = if advantage > R::ZERO { positive } else { negative };
                soft_gate::token(tau, log_prob, old, advantage)
            }
        }
    }
}

#[cfg(test)]
mod tests;
