//! Products with a policy's Fisher information.

use crate::capabilities::Parameters;
use crate::error::check;
use crate::loss::Linear;
use crate::ranges::{finite, positive};
use crate::roles::{Learner, Reference};
use crate::{Batch, Error};
use alloc::vec;
use alloc::vec::Vec;

/// Products with the Fisher information of a policy, `F = 1/n·Σ ∂ln p[t]·∂ln p[t]ᵀ` over a batch's n loss
/// tokens, without F: the log-probabilities' slopes along v come from a central difference, one pull-back
/// does the rest (Pearlmutter, 1994, in the form that Schulman et al., arXiv:1502.05477, App. C, call the
/// covariance of the gradients).
///
/// The policy's weights move during a product and are put back, also where one fails.
#[derive(Clone, Debug)]
pub struct Fisher<'a> {
    batch: Batch<'a>,
    displacement: f64,
    tokens: usize,
    weights: Vec<f32>,
    moved: Vec<f32>,
    gradient: Vec<f32>,
    ahead: Vec<f32>,
    behind: Vec<f32>,
}

impl<'a> Fisher<'a> {
    /// Around the policy's weights as they are. `displacement` is how far they move for a difference, as a
    /// length: about the cube root of the log-probabilities' rounding, 0.01, does.
    ///
    /// # Errors
    /// The policy's; [`Error::Range`] for the displacement; [`Error::TooFew`] where no token is in the loss mask.
    pub async fn new<P: Parameters>(
        policy: &mut P,
        batch: Batch<'a>,
        displacement: f64,
    ) -> Result<Self, <P as Learner>::Error> {
        positive("displacement", displacement)?;
        let tokens = batch.loss_mask().iter().filter(|counts| **counts).count();
        if tokens == 0 {
            return Err(Error::TooFew { name: "loss_mask tokens", need: 1, got: 0 }.into());
        }
        let (zeros, scalars) = (vec![0.0; policy.parameters()], vec![0.0; batch.loss_mask().len()]);
        let mut weights = zeros.clone();
        policy.read(&mut weights).await?;
        let (moved, gradient) = (zeros.clone(), zeros);
        let (ahead, behind) = (scalars.clone(), scalars);
        Ok(Self { batch, displacement, tokens, weights, moved, gradient, ahead, behind })
    }

    /// The batch's loss tokens, n.
    pub fn tokens(&self) -> usize {
        self.tokens
    }

    /// The weights around which it is taken, `[parameters]`.
    pub fn weights(&self) -> &[f32] {
        &self.weights
    }

    /// `out = F·v`, both `[parameters]`. The gradient that the policy had accumulated is dropped.
    ///
    /// # Errors
    /// The policy's; [`Error::Shape`]; [`Error::NotFinite`] for v or a slope.
    pub async fn product<P>(
        &mut self,
        policy: &mut P,
        v: &[f64],
        out: &mut [f64],
    ) -> Result<(), <P as Learner>::Error>
    where
        P: Parameters + Reference<Error = <P as Learner>::Error>,
    {
        check("v", v.len(), self.weights.len())?;
        check("out", out.len(), self.weights.len())?;
        finite("v", v)?;
        out.fill(0.0);
        let length = libm::sqrt(v.iter().map(|v| v * v).sum());
        if length == 0.0 {
            return Ok(());
        }
        let step = self.displacement / length;
        let slopes = self.slopes(policy, v, step).await;
        policy.write(&self.weights).await?;
        slopes?;
        self.pull(policy).await?;
        out.iter_mut().zip(&self.gradient).for_each(|(out, &g)| *out = g.into());
        Ok(())
    }

    /// Leaves in `ahead` how each loss log-probability changes along v, over n.
    async fn slopes<P>(&mut self, policy: &mut P, v: &[f64], step: f64) -> Result<(), <P as Learner>::Error>
    where
        P: Parameters + Reference<Error = <P as Learner>::Error>,
    {
        self.displace(v, step);
        policy.write(&self.moved).await?;
        policy.log_probs(self.batch, &mut self.ahead).await?;
        self.displace(v, -step);
        policy.write(&self.moved).await?;
        policy.log_probs(self.batch, &mut self.behind).await?;
        let scale = 2.0 * step * self.tokens as f64;
        for (ahead, &behind) in self.ahead.iter_mut().zip(&self.behind) {
            *ahead = (f64::from(*ahead - behind) / scale) as f32;
        }
        Ok(())
    }

    fn displace(&mut self, v: &[f64], step: f64) {
        for (moved, (&weight, v)) in self.moved.iter_mut().zip(self.weights.iter().zip(v)) {
            *moved = (f64::from(weight) + step * v) as f32;
        }
    }

    async fn pull<P: Parameters>(&mut self, policy: &mut P) -> Result<(), <P as Learner>::Error> {
        let mut objective = Linear::new(&self.ahead)?;
        policy.zero_grad().await?;
        policy.accumulate(self.batch, &mut objective).await?;
        policy.take_gradient(&mut self.gradient).await
    }
}

#[cfg(test)]
mod tests;
