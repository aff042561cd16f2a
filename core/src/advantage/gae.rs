//! Generalized advantage estimation.

use crate::error::check;
use crate::ranges::{positive, within};
use crate::sampling::FinishReason;
use crate::{Error, Real};

/// Truncated GAE over one stream (Schulman et al., arXiv:1506.02438, §3).
///
/// `δ[t] = r[t] + γ[t]·v[t+1] − v[t]`, `A[t] = δ[t] + γ[t]·λ·A[t+1]`, `A[T] = 0`.
///
/// `rewards`, `gamma`, `advantages`: `[T]`; `values`: `[T+1]`, where `values[T]` bootstraps. A
/// *terminated* step has `gamma[t] = 0`: nothing follows it. A *truncated* stream ends there and
/// bootstraps. Units: reward. The return of a step is [`returns`].
///
/// # Errors
/// [`Error::Shape`] names the argument that does not fit.
pub fn gae<R: Real>(
    rewards: &[R],
    gamma: &[R],
    values: &[R],
    lambda: R,
    advantages: &mut [R],
) -> Result<(), Error> {
    check("gamma", gamma.len(), rewards.len())?;
    check("values", values.len(), rewards.len() + 1)?;
    check("advantages", advantages.len(), rewards.len())?;
    let after = values[rewards.len()];
    recursion(rewards, values, after, |t| gamma[t], lambda, advantages);
    Ok(())
}

/// `A[t] = r[t] + γ[t]·v[t+1] − v[t] + γ[t]·λ·A[t+1]`, from the last step to the first; `v[T]` is `after`.
fn recursion<R: Real>(
    rewards: &[R],
    values: &[R],
    after: R,
    gamma: impl Fn(usize) -> R,
    lambda: R,
    advantages: &mut [R],
) {
    let (mut next_value, mut next) = (after, R::ZERO);
    for t in (0..rewards.len()).rev() {
        let gamma = gamma(t);
        next = rewards[t] + gamma * next_value - values[t] + gamma * lambda * next;
        next_value = values[t];
        advantages[t] = next;
    }
}

/// `out[t] = A[t] + v[t]`: what the value network is to predict. `values` may be longer than
/// `advantages` and `out`, `[T]`.
///
/// # Errors
/// [`Error::Shape`].
pub fn returns<R: Real>(advantages: &[R], values: &[R], out: &mut [R]) -> Result<(), Error> {
    check("out", out.len(), advantages.len())?;
    if values.len() < advantages.len() {
        return Err(Error::Shape { name: "values", want: advantages.len(), got: values.len() });
    }
    for (out, (a, v)) in out.iter_mut().zip(advantages.iter().zip(values)) {
        *out = *a + *v;
    }
    Ok(())
}

/// The meaning of a response that is cut off at the longest allowed length.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Cutoff {
    /// Termination: nothing follows, as in every published RLHF code base.
    #[default]
    Terminates,
    /// Truncation: the value of the state after the last token stands for what would follow.
    Bootstraps,
}

/// Settings of generalized advantage estimation.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize))]
pub struct Gae {
    /// Discount per token.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 1)))]
    pub gamma: f64,
    /// GAE's λ.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 1)))]
    pub lambda: f64,
    /// The meaning of a response that is cut off at the longest length.
    pub cutoff: Cutoff,
    /// λ of the returns, where it is not the advantages' (decoupled GAE, VAPO: 1).
    #[cfg_attr(feature = "alloc", serde(default))]
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 1)))]
    pub value_lambda: Option<f64>,
    /// α of the length-adaptive λ, per token (VAPO: 0.05), which takes the place of `lambda` for the
    /// advantages.
    #[cfg_attr(feature = "alloc", serde(default))]
    #[cfg_attr(feature = "schema", schemars(extend("exclusiveMinimum" = 0)))]
    pub length_alpha: Option<f64>,
}

impl Gae {
    /// One λ for advantages and returns; reaching the longest length terminates.
    pub const fn new(gamma: f64, lambda: f64) -> Self {
        Self { gamma, lambda, cutoff: Cutoff::Terminates, value_lambda: None, length_alpha: None }
    }

    /// Checks every range.
    ///
    /// # Errors
    /// [`Error::Range`] names the setting.
    pub fn validate(&self) -> Result<(), Error> {
        within("gamma", self.gamma, 0.0, 1.0)?;
        within("lambda", self.lambda, 0.0, 1.0)?;
        self.value_lambda.map_or(Ok(()), |lambda| within("value_lambda", lambda, 0.0, 1.0))?;
        self.length_alpha.map_or(Ok(()), |alpha| positive("length_alpha", alpha))
    }

    /// λ of the advantages of a response of so many tokens: `lambda`, or `1 − 1/(α·tokens)` (Yue et
    /// al., arXiv:2504.05118), so that the weights `λᵗ` sum to `α·tokens`; 0 where that is
    /// below it.
    pub fn policy_lambda(&self, tokens: usize) -> f64 {
        self.length_alpha.map_or(self.lambda, |alpha| (1.0 - 1.0 / (alpha * tokens as f64)).max(0.0))
    }

    /// Advantages and returns of one response of T tokens. A return is the value plus the advantage under
    /// the returns' own λ.
    ///
    /// `rewards`, `advantages`, `returns`: `[steps]`, T of them or T + 1 (see
    /// [`crate::advantage::ScorePlacement`]); `values`: `[T+1]`, the state before each token, then the one
    /// after the last. The extra step's value is `values[T]`, and nothing follows that step. `finish` says
    /// whether the response was cut off, see [`Cutoff`]. Units: reward.
    ///
    /// # Errors
    /// [`Error::Shape`]; [`Error::Range`].
    pub fn advantages<R: Real>(
        &self,
        rewards: &[R],
        values: &[R],
        finish: FinishReason,
        advantages: &mut [R],
        returns: &mut [R],
    ) -> Result<(), Error> {
        self.validate()?;
        let (steps, tokens) = (rewards.len(), values.len().saturating_sub(1));
        if values.is_empty() || (steps != tokens && steps != tokens + 1) {
            return Err(Error::Shape { name: "values", want: steps + 1, got: values.len() });
        }
        check("advantages", advantages.len(), steps)?;
        check("returns", returns.len(), steps)?;
        let bootstraps = self.cutoff == Cutoff::Bootstraps && finish == FinishReason::Length;
        let after = values.get(steps).copied().filter(|_| bootstraps).unwrap_or(R::ZERO);
        let run = |lambda: f64, out: &mut [R]| {
            recursion(rewards, values, after, |_| R::of(self.gamma), R::of(lambda), out);
        };
        run(self.policy_lambda(tokens), advantages);
        run(self.value_lambda.unwrap_or(self.lambda), returns);
        returns.iter_mut().zip(values).for_each(|(out, v)| *out += *v);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
