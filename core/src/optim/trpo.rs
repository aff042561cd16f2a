//! Trust region policy optimization (Schulman et al., arXiv:1502.05477).

use crate::advantage::KlEstimator;
use crate::capabilities::Parameters;
use crate::error::check;
use crate::loss::Linear;
use crate::optim::{ConjugateGradient, Fisher, global_norm};
use crate::ranges::{finite, positive, within};
use crate::roles::{Learner, Reference};
use crate::{Batch, Error};
use alloc::vec;
use alloc::vec::Vec;

/// Trust region policy optimisation (Schulman et al., arXiv:1502.05477): the step `−√(2δ/xᵀFx)·x` along
/// the natural gradient `x = F⁻¹·g`, shortened until it keeps its word.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Trpo {
    /// δ: the greatest mean KL(old ‖ new), in nats per token.
    #[cfg_attr(feature = "schema", schemars(extend("exclusiveMinimum" = 0)))]
    pub max_kl: f64,
    /// Added to F's diagonal.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub damping: f64,
    /// Products spent on solving for x, at most.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub iterations: usize,
    /// The residual's length, relative to g's, at which x will do.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 1)))]
    pub tolerance: f64,
    /// See [`Fisher::new`].
    #[cfg_attr(feature = "schema", schemars(extend("exclusiveMinimum" = 0)))]
    pub displacement: f64,
    /// The number of times that the step is shortened before it is given up.
    pub backtracks: usize,
    /// By what it is shortened each time.
    #[cfg_attr(feature = "schema", schemars(extend("exclusiveMinimum" = 0, "exclusiveMaximum" = 1)))]
    pub shrink: f64,
}

impl Default for Trpo {
    fn default() -> Self {
        Self {
            max_kl: 0.01,
            damping: 0.1,
            iterations: 10,
            tolerance: 1e-5,
            displacement: 0.01,
            backtracks: 10,
            shrink: 0.5,
        }
    }
}

/// The outcome of a step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TrpoStep {
    /// True where the weights moved.
    pub moved: bool,
    /// The rise of the surrogate `1/n·Σ A·p_new/p_old`.
    pub gain: f64,
    /// The rise of a linear surrogate over the step taken.
    pub expected: f64,
    /// KL(old ‖ new) in nats per token, by [`KlEstimator::K3`].
    pub kl: f64,
    /// The number of times that the step was shortened.
    pub backtracks: usize,
    /// The linear system's residual, relative to the gradient.
    pub residual: f64,
}

impl Trpo {
    /// Checks every range.
    ///
    /// # Errors
    /// [`Error::Range`] names the setting.
    pub fn validate(&self) -> Result<(), Error> {
        positive("max_kl", self.max_kl)?;
        within("damping", self.damping, 0.0, f64::MAX)?;
        within("iterations", self.iterations as f64, 1.0, f64::MAX)?;
        within("tolerance", self.tolerance, 0.0, 1.0)?;
        positive("displacement", self.displacement)?;
        within("shrink", self.shrink, f64::MIN_POSITIVE, 1.0 - f64::EPSILON)
    }

    /// One step on tokens that the policy drew with its weights as they are, at the batch's temperature.
    /// `advantages` are laid out as the batch's tokens; only loss tokens are read. Where no step within
    /// the bound gains anything, or something fails, the weights are as before. The optimizer's state is
    /// neither used nor changed; the accumulated gradient is dropped.
    ///
    /// # Errors
    /// The policy's; [`Error::Range`] for a setting; [`Error::Shape`]; [`Error::NotFinite`];
    /// [`Error::TooFew`] where no token is in the loss mask.
    pub async fn step<P>(
        &self,
        policy: &mut P,
        batch: Batch<'_>,
        advantages: &[f32],
    ) -> Result<TrpoStep, <P as Learner>::Error>
    where
        P: Parameters + Reference<Error = <P as Learner>::Error>,
    {
        self.validate()?;
        check("advantages", advantages.len(), batch.loss_mask().len())?;
        let mut fisher = Fisher::new(policy, batch, self.displacement).await?;
        let gain = Surrogate::new(policy, batch, advantages, fisher.tokens()).await?;
        let mut step = TrpoStep::default();
        let gradient = gain.slope(policy).await?;
        let length = global_norm([&gradient[..]]);
        if length == 0.0 {
            return Ok(step);
        }
        let mut solve = ConjugateGradient::new(&gradient, self.damping)?;
        let mut product = vec![0.0; gradient.len()];
        for _ in 0..self.iterations {
            fisher.product(policy, solve.direction(), &mut product).await?;
            solve.advance(&product)?;
            if solve.residual() <= self.tolerance * length {
                break;
            }
        }
        step.residual = solve.residual() / length;
        let x = solve.solution();
        fisher.product(policy, x, &mut product).await?;
        let curvature = dot(x, &product) + self.damping * dot(x, x);
        positive("curvature", curvature)?;
        let mut scale = libm::sqrt(2.0 * self.max_kl / curvature);
        let mut moved = fisher.weights().to_vec();
        for backtracks in 0..=self.backtracks {
            for (moved, (&weight, x)) in moved.iter_mut().zip(fisher.weights().iter().zip(x)) {
                *moved = (f64::from(weight) + scale * x) as f32;
            }
            policy.write(&moved).await?;
            let measured = gain.measure(policy).await;
            if let Ok((gain, kl)) = measured
                && gain > 0.0
                && kl <= self.max_kl
            {
                step = TrpoStep { moved: true, gain, kl, backtracks, ..step };
                step.expected = scale * dot(&gradient, x);
                return Ok(step);
            }
            policy.write(fisher.weights()).await?;
            measured?;
            scale *= self.shrink;
        }
        step.backtracks = self.backtracks;
        Ok(step)
    }
}

/// The surrogate that a step is to raise, around the policy that drew the tokens.
struct Surrogate<'a> {
    batch: Batch<'a>,
    advantages: Vec<f32>,
    old: Vec<f32>,
    tokens: usize,
}

impl<'a> Surrogate<'a> {
    async fn new<P: Reference>(
        policy: &mut P,
        batch: Batch<'a>,
        advantages: &[f32],
        tokens: usize,
    ) -> Result<Self, P::Error> {
        let mut old = vec![0.0; advantages.len()];
        policy.log_probs(batch, &mut old).await?;
        let loss_mask = |(&a, &loss_mask): (&f32, &bool)| if loss_mask { a } else { 0.0 };
        let advantages: Vec<f32> = advantages.iter().zip(batch.loss_mask()).map(loss_mask).collect();
        finite("advantages", &advantages)?;
        Ok(Self { batch, advantages, old, tokens })
    }

    /// The surrogate's gradient at the old weights, where every ratio is 1: `1/n·Σ A·∂ln p`.
    async fn slope<P: Parameters>(&self, policy: &mut P) -> Result<Vec<f64>, <P as Learner>::Error> {
        let over = self.tokens as f32;
        let cotangents: Vec<f32> = self.advantages.iter().map(|a| a / over).collect();
        let mut gradient = vec![0.0; policy.parameters()];
        policy.zero_grad().await?;
        policy.accumulate(self.batch, &mut Linear::new(&cotangents)?).await?;
        policy.take_gradient(&mut gradient).await?;
        Ok(gradient.into_iter().map(f64::from).collect())
    }

    /// The surrogate's rise, and the KL from the old policy.
    async fn measure<P: Reference>(&self, policy: &mut P) -> Result<(f64, f64), P::Error> {
        let mut new = vec![0.0; self.old.len()];
        policy.log_probs(self.batch, &mut new).await?;
        let (mut gain, mut kl) = (0.0, 0.0);
        // Where nothing is in the loss mask both are 0, and so adds nothing.
        for (&a, (&new, &old)) in self.advantages.iter().zip(new.iter().zip(&self.old)) {
            let (new, old) = (f64::from(new), f64::from(old));
            gain += f64::from(a) * libm::expm1(new - old);
            kl += KlEstimator::K3.estimate(old, new);
        }
        Ok((gain / self.tokens as f64, kl / self.tokens as f64))
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests;
