//! Implicit Q-learning of language (Snell et al., arXiv:2206.11871): the values of actions and states
//! that written text, good and bad, supports.
//!
//! A state is a text so far, an action the next token. `Q[a]` is one row of an action-value network, `V`
//! a critic's value. Targets are constants: V learns from Q heads' lagging copies, Q from V.

use crate::error::{check, rising};
use crate::log_probs::{log_prob, log_prob_pull};
use crate::ranges::{finite, within};
use crate::{Error, Real};

#[cfg(feature = "alloc")]
mod action_values;
#[cfg(feature = "alloc")]
mod state_values;

#[cfg(feature = "alloc")]
pub use action_values::{ActionStats, ActionValues};
#[cfg(feature = "alloc")]
pub use state_values::{StateStats, StateValues};

/// Settings of ILQL's losses.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize))]
pub struct Ilql {
    /// τ: at ½ a state is worth its average action in the data, towards 1 its best.
    #[cfg_attr(feature = "schema", schemars(extend("exclusiveMinimum" = 0, "exclusiveMaximum" = 1)))]
    pub expectile: f64,
    /// γ, per token.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 1)))]
    pub discount: f64,
    /// α, the weight of the conservative term, which keeps actions outside the data from looking good.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub conservatism: f64,
}

impl Default for Ilql {
    fn default() -> Self {
        Self { expectile: 0.7, discount: 0.99, conservatism: 0.1 }
    }
}

impl Ilql {
    /// Checks every range.
    ///
    /// # Errors
    /// [`Error::Range`] names the setting.
    pub fn validate(&self) -> Result<(), Error> {
        within("expectile", self.expectile, f64::MIN_POSITIVE, 1.0 - f64::EPSILON)?;
        within("discount", self.discount, 0.0, 1.0)?;
        within("conservatism", self.conservatism, 0.0, f64::MAX)
    }

    /// One state's loss `|τ − 1(u < 0)|·u²` with `u = target − value` (eq. 4, after Kostrikov et al.,
    /// arXiv:2110.06169), and its slope with respect to `value`. `target` is the lagging Q of the action
    /// taken; of two heads the smaller.
    pub fn value<R: Real>(&self, value: R, target: R) -> (R, R) {
        let gap = target - value;
        let weight = R::of(if gap < R::ZERO { 1.0 - self.expectile } else { self.expectile });
        (weight * gap * gap, R::of(-2.0) * weight * gap)
    }

    /// One action's loss `(target − Q[a])² + α·(ln Σ exp Q − Q[a])` (eqs. 3 and 5), whose second term is
    /// the cross-entropy of Q's softmax (Kumar et al., arXiv:2006.04779). `q`, `grad`: `[V]`; `grad` is
    /// overwritten with `upstream·∂loss/∂Q`.
    ///
    /// # Errors
    /// [`Error::Shape`]; [`Error::Range`] for an action outside the vocabulary; [`Error::NotFinite`].
    pub fn action<R: Real>(
        &self,
        q: &[R],
        action: usize,
        target: R,
        upstream: f64,
        grad: &mut [R],
    ) -> Result<ActionLoss, Error> {
        check("grad", grad.len(), q.len())?;
        finite("target", &[target])?;
        finite("q", q)?;
        let (log_prob, _) = log_prob(q, action, 1.0)?;
        grad.fill(R::ZERO);
        log_prob_pull(q, action, 1.0, R::of(-self.conservatism * upstream), R::ZERO, grad)?;
        let gap = q[action].f64() - target.f64();
        grad[action] += R::of(2.0 * upstream * gap);
        Ok(ActionLoss { squared_error: gap * gap, cross_entropy: -log_prob.f64() })
    }

    /// `out[t] = r[t] + γ·v[t]`, what the action that is token t should be worth: `values[t]` is the
    /// critic's value of the state after it, and 0 stands for the last one's of a sequence that
    /// `terminated`; one that was cut off bootstraps. `rewards`, `values`, `out`: `[tokens]`; `ends`,
    /// `terminated`: `[sequences]`.
    ///
    /// # Errors
    /// [`Error::Shape`], [`Error::Ends`].
    pub fn targets<R: Real>(
        &self,
        rewards: &[R],
        values: &[R],
        ends: &[usize],
        terminated: &[bool],
        out: &mut [R],
    ) -> Result<(), Error> {
        check("values", values.len(), rewards.len())?;
        check("out", out.len(), rewards.len())?;
        check("terminated", terminated.len(), ends.len())?;
        rising(ends, rewards.len())?;
        for (out, (&reward, &value)) in out.iter_mut().zip(rewards.iter().zip(values)) {
            *out = reward + R::of(self.discount) * value;
        }
        for (&end, _) in ends.iter().zip(terminated).filter(|(_, over)| **over) {
            out[end - 1] = rewards[end - 1];
        }
        Ok(())
    }
}

/// One action's losses, neither weighed nor divided.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ActionLoss {
    /// `(target − Q[a])²`.
    pub squared_error: f64,
    /// `ln Σ exp Q − Q[a]`, in nats.
    pub cross_entropy: f64,
}

#[cfg(test)]
mod tests;
