//! From a score of the whole response to a reward for each of its tokens.

use crate::advantage::KlEstimator;
use crate::error::check;
use crate::ranges::{finite, positive};
use crate::sampling::FinishReason;
use crate::{Error, Real};

/// The step of a response that the score is given to.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum ScorePlacement {
    /// The last token.
    LastToken,
    /// One step after the last token while the response is shorter than the longest allowed, else
    /// the last token (summarize_from_feedback_details `ppo.py:683-685`, TRL v2). That extra step is
    /// taken by nobody: it has a value (of the state after the last token, which is trained) and a
    /// reward, but no action, so the score reaches the last token through γ·λ and the value.
    AfterLastToken,
}

impl ScorePlacement {
    /// Returns the number of steps of a response of `tokens` tokens, when the longest has `window`.
    pub fn steps(self, tokens: usize, window: usize) -> usize {
        tokens + usize::from(self == Self::AfterLastToken && tokens < window)
    }
}

/// The treatment of the score of a response that has no end.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum MissingEnd {
    /// Nothing.
    #[default]
    Keep,
    /// The penalty is subtracted.
    Subtract(f64),
    /// This is the score instead.
    Replace(f64),
}

impl MissingEnd {
    /// The score that counts, of a response that ended or did not.
    pub fn score(self, score: f64, ended: bool) -> f64 {
        match self {
            _ if ended => score,
            Self::Keep => score,
            Self::Subtract(penalty) => score - penalty,
            Self::Replace(value) => value,
        }
    }

    /// Checks that its number is finite.
    ///
    /// # Errors
    /// [`Error::NotFinite`].
    pub fn validate(self) -> Result<(), Error> {
        match self {
            Self::Keep => Ok(()),
            Self::Subtract(penalty) => finite("missing_end", &[penalty]),
            Self::Replace(score) => finite("missing_end", &[score]),
        }
    }
}

/// The reasons of finishing that count as an end.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum End {
    /// The end-of-text token alone (TRL looks for `eos_token_id` even when it stops elsewhere).
    Eos,
    /// The end-of-text token or a stop token.
    EosOrStop,
}

/// Settings of the rewards of a response's tokens.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize))]
pub struct Shaping {
    /// The KL estimate of a token.
    pub kl: KlEstimator,
    /// Each token's estimate is limited to ± this, in nats; above 0.
    #[cfg_attr(feature = "schema", schemars(extend("exclusiveMinimum" = 0)))]
    pub kl_clip: Option<f64>,
    /// The step that the score is given to.
    pub placement: ScorePlacement,
    /// The cost of a missing end.
    pub missing_end: MissingEnd,
    /// The reasons of finishing that count as an end.
    pub end: End,
    /// The score is limited to ± this, before the missing end is looked at; above 0.
    #[cfg_attr(feature = "schema", schemars(extend("exclusiveMinimum" = 0)))]
    pub score_clip: Option<f64>,
}

impl Shaping {
    /// The score as it is, at the last token, and nothing limited: InstructGPT's.
    pub const PLAIN: Self = Self {
        kl: KlEstimator::K1,
        kl_clip: None,
        placement: ScorePlacement::LastToken,
        missing_end: MissingEnd::Keep,
        end: End::EosOrStop,
        score_clip: None,
    };

    /// Checks every range.
    ///
    /// # Errors
    /// [`Error::Range`] or [`Error::NotFinite`] names the setting.
    pub fn validate(&self) -> Result<(), Error> {
        let limit = |name, limit: Option<f64>| limit.map_or(Ok(()), |limit| positive(name, limit));
        limit("kl_clip", self.kl_clip)?;
        limit("score_clip", self.score_clip)?;
        self.missing_end.validate()
    }

    /// The score that counts: clipped, then penalized where the end is missing.
    pub fn score(&self, score: f64, finish: FinishReason) -> f64 {
        let score = self.score_clip.map_or(score, |limit| score.max(-limit.abs()).min(limit.abs()));
        let ended = match self.end {
            End::Eos => finish == FinishReason::Eos,
            End::EosOrStop => finish != FinishReason::Length,
        };
        self.missing_end.score(score, ended)
    }

    /// One token's KL estimate, clipped.
    pub fn token_kl<R: Real>(&self, log_prob: R, reference: R) -> R {
        let kl = self.kl.estimate(log_prob, reference);
        self.kl_clip.map_or(kl, |limit| kl.clamp(R::of(-limit.abs()), R::of(limit.abs())))
    }

    /// Each token's KL estimate, clipped, and their sum before clipping. All slices `[T]`, in nats.
    ///
    /// # Errors
    /// [`Error::Shape`].
    pub fn token_kls<R: Real>(&self, log_probs: &[R], reference: &[R], out: &mut [R]) -> Result<f64, Error> {
        check("reference", reference.len(), log_probs.len())?;
        check("out", out.len(), log_probs.len())?;
        let mut sum = 0.0;
        for (out, (&p, &q)) in out.iter_mut().zip(log_probs.iter().zip(reference)) {
            sum += self.kl.estimate(p, q).f64();
            *out = self.token_kl(p, q);
        }
        Ok(sum)
    }

    /// `r[t] = −β·kl[t]`, plus the score that counts at its step (InstructGPT, arXiv:2203.02155,
    /// eq. 2, spread over tokens as by Ziegler et al., arXiv:1909.08593).
    ///
    /// `kl`: `[T]`, one estimate per token, in nats; `beta` per nat; `score` in units of reward,
    /// as [`Self::score`] gave it; `rewards`: `[steps]`, see [`ScorePlacement::steps`].
    ///
    /// # Errors
    /// [`Error::Shape`] unless `rewards` has T steps, or T + 1 under
    /// [`ScorePlacement::AfterLastToken`]; [`Error::TooFew`] for a response without a step.
    pub fn rewards<R: Real>(&self, kl: &[R], beta: f64, score: f64, rewards: &mut [R]) -> Result<(), Error> {
        let extra = self.placement == ScorePlacement::AfterLastToken && rewards.len() == kl.len() + 1;
        if !extra {
            check("rewards", rewards.len(), kl.len())?;
        }
        let Some(last) = rewards.len().checked_sub(1) else {
            return Err(Error::TooFew { name: "rewards", need: 1, got: 0 });
        };
        rewards[last] = R::ZERO;
        let beta = R::of(beta);
        for (reward, &kl) in rewards.iter_mut().zip(kl) {
            *reward = -beta * kl;
        }
        rewards[last] += R::of(score);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
