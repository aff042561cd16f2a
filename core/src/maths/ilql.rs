//! Implicit Q-learning of language (Snell et al., arXiv:2206.11871): the values of actions and states
//! that written text, good and bad, supports.
//!
//! A state is a text so far, an action the next token. `Q[a]` is one row of an action-value network, `V`
//! a critic's value. Targets are constants: V learns from Q heads' lagging copies, Q from V.

use super::{log_prob, log_prob_pull};
use crate::error::{check, rising};
use crate::ranges::{finite, within};
use crate::{Error, Real};

/// What ILQL's losses are made of.
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
        Ok(ActionLoss { squared_error: gap * gap, surprise: -log_prob.f64() })
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
    pub surprise: f64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maths::oracle::{close, slope};
    use proptest::prelude::*;
    use std::vec;

    const SETTINGS: Ilql = Ilql { expectile: 0.8, discount: 0.9, conservatism: 0.3 };

    proptest! {
        #[test]
        fn an_action_has_its_definition_and_its_slope(
            q in prop::collection::vec(-3.0..3.0, 1..8), a in 0usize..8, target in -2.0..2.0,
        ) {
            let a = a % q.len();
            let loss = |q: &[f64]| {
                let parts = SETTINGS.action(q, a, target, 1.0, &mut vec![0.0; q.len()]).unwrap();
                parts.squared_error + 0.3 * parts.surprise
            };
            let sum: f64 = q.iter().map(|q: &f64| q.exp()).sum();
            close(loss(&q), (q[a] - target).powi(2) + 0.3 * (sum.ln() - q[a]), 1e-12);
            let mut grad = vec![f64::NAN; q.len()];
            SETTINGS.action(&q, a, target, 0.5, &mut grad).unwrap();
            slope(&q, &grad, |q| 0.5 * loss(q));
        }

        #[test]
        fn a_value_has_its_definition_and_its_slope(value in -3.0..3.0, target in -3.0..3.0) {
            let gap: f64 = target - value;
            prop_assume!(gap.abs() > 1e-4);
            let (loss, pull) = SETTINGS.value(value, target);
            close(loss, if gap < 0.0 { 0.2 } else { 0.8 } * gap * gap, 1e-14);
            slope(&[value], &[pull], |v| SETTINGS.value(v[0], target).0);
        }

        /// The value at which the slopes of many targets cancel rises with τ, from their mean.
        #[test]
        fn expectiles_lie_between_the_mean_and_the_best(targets in prop::collection::vec(-3.0..3.0, 2..9)) {
            let settle = |expectile: f64| {
                let settings = Ilql { expectile, ..SETTINGS };
                let (mut low, mut high) = (-3.0, 3.0);
                for _ in 0..60 {
                    let middle = 0.5 * (low + high);
                    let pull: f64 = targets.iter().map(|&t| settings.value(middle, t).1).sum();
                    if pull < 0.0 { low = middle } else { high = middle }
                }
                low
            };
            let best = targets.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            close(settle(0.5), targets.iter().sum::<f64>() / targets.len() as f64, 1e-9);
            prop_assert!(settle(0.5) <= settle(0.9) + 1e-9 && settle(0.9) <= best + 1e-9);
            prop_assert!(best - settle(0.999) < 0.1);
        }
    }

    #[test]
    fn an_end_is_worth_its_reward_and_a_cut_bootstraps() {
        let mut out = [f64::NAN; 5];
        let (rewards, values) = ([0.0, 1.0, 2.0, 0.0, 1.0], [10.0, 20.0, 30.0, 40.0, 50.0]);
        SETTINGS.targets(&rewards, &values, &[3, 5], &[true, false], &mut out).unwrap();
        assert_eq!(out, [9.0, 19.0, 2.0, 36.0, 46.0]);
        let short = SETTINGS.targets(&rewards, &values, &[3, 4], &[true; 2], &mut out);
        assert_eq!(short, Err(Error::Ends { sequence: 1 }));
    }

    #[test]
    fn bad_numbers_are_errors() {
        for bad in [
            Ilql { expectile: 1.0, ..SETTINGS },
            Ilql { discount: 1.1, ..SETTINGS },
            Ilql { conservatism: -1.0, ..SETTINGS },
        ] {
            assert!(bad.validate().is_err());
        }
        assert!(Ilql::default().validate().is_ok());
        let act = |q: &[f64], a, target| SETTINGS.action(q, a, target, 1.0, &mut vec![0.0; q.len()]);
        assert!(matches!(act(&[0.0], 1, 0.0), Err(Error::Range { .. })));
        assert!(matches!(act(&[0.0], 0, f64::NAN), Err(Error::NotFinite { name: "target", .. })));
        assert!(matches!(act(&[f64::NEG_INFINITY, 0.0], 1, 0.0), Err(Error::NotFinite { name: "q", .. })));
    }
}
