//! AdamW on the device.

use crate::EngineError;
use crate::engine::read::floats;
use crate::tensor::Tensor;
use rlhf_core::optim::{Decay, EpsilonAt, Update};

/// The global norm of a gradient: squares are summed on the device, a tensor's at a time, and the sums on
/// the host in f64.
pub(crate) async fn norm(gradient: &[Tensor<2>]) -> Result<f64, EngineError> {
    let sums = gradient.iter().map(|g| g.clone().square().sum()).collect();
    let sums = floats(Tensor::cat(sums, 0)).await?;
    Ok(sums.into_iter().map(f64::from).sum::<f64>().sqrt())
}

/// The constants of a step.
pub(crate) struct Step {
    /// The factor of gradients: the clip.
    scale: f64,
    beta1: f64,
    beta2: f64,
    /// 1 − learning rate · weight decay.
    keep: f64,
    /// Weight decay that is part of the gradient.
    l2: f64,
    /// Learning rate / (1 − β₁ᵗ).
    rate: f64,
    /// √(1 − β₂ᵗ).
    root: f64,
    epsilon: f64,
}

impl Step {
    /// The `step`-th step, counted from 1; see [`rlhf_core::optim::adamw`] for the formula.
    pub(crate) fn new(update: &Update, step: u32, scale: f64) -> Self {
        let adam = &update.adam;
        let power = |beta: f64| 1.0 - libm::pow(beta, f64::from(step));
        let root = power(adam.beta2).sqrt();
        let (keep, l2) = match adam.decay {
            Decay::Decoupled => (1.0 - update.learning_rate * adam.weight_decay, 0.0),
            Decay::Gradient => (1.0, adam.weight_decay),
        };
        let epsilon = match adam.epsilon_at {
            EpsilonAt::Corrected => adam.epsilon,
            EpsilonAt::Raw => adam.epsilon / root,
        };
        let (beta1, beta2) = (adam.beta1, adam.beta2);
        Self { scale, beta1, beta2, keep, l2, rate: update.learning_rate / power(beta1), root, epsilon }
    }

    /// Updates one tensor.
    pub(crate) fn take(
        &self,
        weight: &mut Tensor<2>,
        gradient: Tensor<2>,
        first: &mut Tensor<2>,
        second: &mut Tensor<2>,
    ) {
        let mut g = gradient.mul_scalar(self.scale);
        if self.l2 != 0.0 {
            g = g + weight.clone().mul_scalar(self.l2);
        }
        first.inplace(|m| m.mul_scalar(self.beta1) + g.clone().mul_scalar(1.0 - self.beta1));
        second.inplace(|v| v.mul_scalar(self.beta2) + g.square().mul_scalar(1.0 - self.beta2));
        let root = second.clone().sqrt().div_scalar(self.root).add_scalar(self.epsilon);
        let change = first.clone().mul_scalar(self.rate) / root;
        weight.inplace(|w| w.mul_scalar(self.keep) - change);
    }
}
