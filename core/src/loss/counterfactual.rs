//! Learning from logged rewards of what another policy wrote: bandit feedback.

use crate::error::check;
use crate::ranges::{finite, positive};
use crate::{Error, Real};

#[cfg(feature = "alloc")]
mod objective;
#[cfg(feature = "alloc")]
pub use objective::{Feedback, LoggedFeedback};

/// The divisor of the weighted rewards.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Normalizer {
    /// The number of actions: inverse propensity scoring.
    #[default]
    Count,
    /// The sum of the weights, over the whole optimizer batch (SNIPS). A constant added to all rewards
    /// then changes nothing, so a policy cannot win by avoiding what was logged.
    Weights,
}

/// Settings of the loss of logged rewards.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize))]
pub struct Counterfactual {
    /// The divisor.
    pub normalizer: Normalizer,
    /// No weight counts for more than this, and one that would has no gradient.
    #[cfg_attr(feature = "schema", schemars(extend("exclusiveMinimum" = 0)))]
    pub clip: Option<f64>,
}

impl Counterfactual {
    /// Checks the clip.
    ///
    /// # Errors
    /// [`Error::Range`] unless it is positive.
    pub fn validate(&self) -> Result<(), Error> {
        self.clip.map_or(Ok(()), |clip| positive("clip", clip))
    }
}

/// Statistics of the importance weights.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct CounterfactualStats {
    /// This part of the loss.
    pub loss: f64,
    /// Actions seen.
    pub actions: usize,
    /// Actions whose weight was clipped.
    pub clipped: usize,
    /// Σ of the weights, after clipping; some `actions` where the policy is the logger.
    pub weights: f64,
    /// Σ of their squares.
    pub squares: f64,
    /// Σ of the rewards as logged.
    pub rewards: f64,
}

impl CounterfactualStats {
    /// Returns the effective sample size in actions, `(Σw)²/Σw²`; `None` without
    /// weight.
    pub fn effective_actions(&self) -> Option<f64> {
        (self.squares > 0.0).then(|| self.weights * self.weights / self.squares)
    }

    /// Adds the sums of another part of the batch.
    pub fn merge(&mut self, other: &Self) {
        self.loss += other.loss;
        self.actions += other.actions;
        self.clipped += other.clipped;
        self.weights += other.weights;
        self.squares += other.squares;
        self.rewards += other.rewards;
    }
}

/// Counterfactual risk: `L = −Σ w·δ / D` with importance weights `w = min(exp(log_prob − logged), clip)`
/// and D = n ([`Normalizer::Count`]) or Σ w ([`Normalizer::Weights`]), the estimators of Swaminathan &
/// Joachims (NIPS 2015, "The self-normalized estimator for counterfactual learning"), for human bandit
/// feedback in Kreutzer et al., arXiv:1805.10627.
///
/// An action is a response or a token. `log_probs`, `logged`: `[actions]`, in nats, of the policy and of
/// what the logging policy drew with; a logger that takes the likeliest response has 0 everywhere.
/// `rewards` (δ), `grad`: `[actions]`; a reward less a model's prediction of it has less variance. `n`
/// (`denominator`) counts the actions of the whole optimizer batch; weights normalize what is shown, so
/// that has to be the whole batch. `grad` is overwritten.
///
/// # Errors
/// [`Error::Shape`]; [`Error::Range`] for a clip or denominator that is not positive;
/// [`Error::NotFinite`], also for a weight that leaves the number type, which a clip prevents;
/// [`Error::TooFew`] for weights that sum to nothing.
pub fn counterfactual<R: Real>(
    settings: &Counterfactual,
    log_probs: &[R],
    logged: &[R],
    rewards: &[R],
    denominator: f64,
    grad: &mut [R],
) -> Result<CounterfactualStats, Error> {
    settings.validate()?;
    check("logged", logged.len(), log_probs.len())?;
    check("rewards", rewards.len(), log_probs.len())?;
    check("grad", grad.len(), log_probs.len())?;
    positive("denominator", denominator)?;
    finite("log_probs", log_probs)?;
    finite("logged", logged)?;
    finite("rewards", rewards)?;
    let mut stats = CounterfactualStats { actions: log_probs.len(), ..CounterfactualStats::default() };
    // The weight of an action, and whether the policy moves it.
    let weight = |i: usize| {
        let free = libm::exp(log_probs[i].f64() - logged[i].f64());
        settings.clip.map_or((free, true), |clip| (free.min(clip), free <= clip))
    };
    let mut gain = 0.0;
    for (i, reward) in rewards.iter().enumerate() {
        let (w, moves) = weight(i);
        if !w.is_finite() {
            return Err(Error::NotFinite { name: "weight", index: i });
        }
        stats.clipped += usize::from(!moves);
        stats.weights += w;
        stats.squares += w * w;
        stats.rewards += reward.f64();
        gain += w * reward.f64();
    }
    let (divisor, baseline) = match settings.normalizer {
        Normalizer::Count => (denominator, 0.0),
        Normalizer::Weights if stats.weights > 0.0 => (stats.weights, gain / stats.weights),
        Normalizer::Weights => return Err(Error::TooFew { name: "weights", need: 1, got: 0 }),
    };
    for (i, (grad, reward)) in grad.iter_mut().zip(rewards).enumerate() {
        let (w, moves) = weight(i);
        *grad = R::of(if moves { -w * (reward.f64() - baseline) / divisor } else { 0.0 });
    }
    finite("grad", grad)?;
    stats.loss = -gain / divisor;
    Ok(stats)
}

#[cfg(test)]
mod tests;
