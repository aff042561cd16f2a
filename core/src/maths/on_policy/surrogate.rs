//! What is differentiated in place of the expected reward.

mod soft_gate;

use crate::maths::{PolicyClip, PolicyToken};
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
        positive: f64,
        /// τ of all other tokens; above 0.
        negative: f64,
    },
}

impl Surrogate {
    /// Whether a response's tokens share one ratio.
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
mod tests {
    use super::*;
    use crate::maths::oracle::{close, slope};
    use proptest::prelude::*;

    const CLIP: PolicyClip = PolicyClip::symmetric(0.2);

    /// The formula as it is written in the papers; `held` is what CISPO's ratio was when it was detached.
    fn naive(surrogate: Surrogate, log_prob: f64, old: f64, advantage: f64, held: f64) -> f64 {
        let rho = (log_prob - old).exp();
        let pessimist = |rho: f64, clip: PolicyClip| {
            let rho = clip.dual.map_or(rho, |delta| rho.min(delta));
            -(rho * advantage).min(rho.clamp(1.0 - clip.low, 1.0 + clip.high) * advantage)
        };
        match surrogate {
            Surrogate::LogProb => -advantage * log_prob,
            Surrogate::Clipped(clip) | Surrogate::SequenceMean(clip) | Surrogate::SequenceProduct(clip) => {
                pessimist(rho, clip)
            }
            Surrogate::Detached(clip) => -held.clamp(1.0 - clip.low, 1.0 + clip.high) * advantage * log_prob,
            Surrogate::SoftGate { positive, negative } => {
                let tau = if advantage > 0.0 { positive } else { negative };
                -advantage * 4.0 / tau / (1.0 + (-tau * (rho - 1.0)).exp())
            }
        }
    }

    proptest! {
        #[test]
        fn equals_the_oracle_and_its_slope(
            log_prob in -4.0..0.0, drift in -2.0..2.0, advantage in -3.0..3.0,
            low in 0.0..0.9, high in 0.0..0.9, beyond in 0.01..3.0,
        ) {
            let clip = PolicyClip { low, high, ..CLIP };
            let (old, rho) = (log_prob - drift, f64::exp(drift));
            let delta = 1.0 + high + beyond;
            for edge in [1.0 - low, 1.0 + high, delta] {
                prop_assume!((rho - edge).abs() > 1e-3);
            }
            for surrogate in [
                Surrogate::LogProb,
                Surrogate::Clipped(clip),
                Surrogate::Clipped(PolicyClip { dual: Some(delta), ..clip }),
                Surrogate::Detached(clip),
                Surrogate::SequenceMean(clip),
                Surrogate::SoftGate { positive: 0.5 + low, negative: 0.5 + high },
            ] {
                let token = surrogate.token(log_prob, old, advantage);
                let loss = |x: &[f64]| naive(surrogate, x[0], old, advantage, rho);
                close(token.loss, loss(&[log_prob]), 1e-12);
                slope(&[log_prob], &[token.slope], loss);
                close(token.ratio, rho, 1e-12);
            }
        }

        /// Inside the clip every surrogate with a ratio pulls the same way and as hard.
        #[test]
        fn inside_the_clip_all_ratios_pull_alike(
            log_prob in -4.0..0.0f64, drift in -0.2..0.18, advantage in -3.0..3.0,
        ) {
            let old = log_prob - drift;
            let slope = |s: Surrogate| s.token(log_prob, old, advantage).slope;
            let want = -advantage * f64::exp(drift);
            for s in [
                Surrogate::Clipped(CLIP),
                Surrogate::Detached(CLIP),
            ] {
                close(slope(s), want, 1e-12);
            }
            // With ratio 1, that is REINFORCE.
            for s in [Surrogate::Clipped(CLIP), Surrogate::Detached(CLIP), Surrogate::LogProb] {
                prop_assert_eq!(s.token(log_prob, log_prob, advantage).slope, -advantage);
            }
        }
    }

    #[test]
    fn settings_are_checked() {
        assert!(Surrogate::LogProb.validate().is_ok());
        let wrong = PolicyClip { low: -0.1, ..CLIP };
        for s in [
            Surrogate::Clipped(wrong),
            Surrogate::Detached(wrong),
            Surrogate::SequenceMean(wrong),
            Surrogate::SequenceProduct(wrong),
        ] {
            assert!(matches!(s.validate(), Err(Error::Range { name: "clip low", .. })));
        }
        let gate = Surrogate::SoftGate { positive: 1.0, negative: 0.0 };
        assert!(matches!(gate.validate(), Err(Error::Range { name: "soft gate negative", .. })));
    }
}
