//! Adam, with either kind of weight decay.

use crate::error::check;
use crate::ranges::{positive, within};
use crate::{Error, Real};
#[cfg(feature = "alloc")]
use alloc::{vec, vec::Vec};

/// The place where weight decay enters.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Decay {
    /// Beside the step: `θ ← θ·(1 − η·w)` (AdamW, arXiv:1711.05101).
    #[default]
    Decoupled,
    /// In the gradient: `g ← g + w·θ` (Adam with L2, `torch.optim.Adam`).
    Gradient,
}

/// The root that ε is added to: of the corrected or of the raw second moment.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum EpsilonAt {
    /// The root of the bias-corrected second moment (arXiv:1412.6980, algorithm 1; PyTorch).
    #[default]
    Corrected,
    /// The root of the raw second moment (the paper's §2 form; TensorFlow, hence
    /// lm-human-preferences): early on, the same ε weighs `1/√(1−β₂ᵗ)` times as much.
    Raw,
}

/// Adam's settings (Kingma and Ba, arXiv:1412.6980; Loshchilov and Hutter, arXiv:1711.05101).
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize))]
pub struct Adam {
    /// The decay of the first moment, 0 to below 1.
    #[cfg_attr(feature = "schema", schemars(range(min = 0), extend("exclusiveMaximum" = 1)))]
    pub beta1: f64,
    /// The decay of the second moment, 0 to below 1.
    #[cfg_attr(feature = "schema", schemars(range(min = 0), extend("exclusiveMaximum" = 1)))]
    pub beta2: f64,
    /// ε, above 0: keeps the step finite where the second moment is 0.
    #[cfg_attr(feature = "schema", schemars(extend("exclusiveMinimum" = 0)))]
    pub epsilon: f64,
    /// The root that ε is added to: of the corrected or of the raw second moment.
    pub epsilon_at: EpsilonAt,
    /// Weight decay, per unit of learning rate.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub weight_decay: f64,
    /// The place where weight decay enters.
    pub decay: Decay,
}

impl Default for Adam {
    fn default() -> Self {
        Self {
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
            epsilon_at: EpsilonAt::Corrected,
            weight_decay: 0.0,
            decay: Decay::Decoupled,
        }
    }
}

impl Adam {
    /// Checks every range.
    ///
    /// # Errors
    /// [`Error::Range`] names the setting.
    pub fn validate(&self) -> Result<(), Error> {
        // The largest double below 1.
        let below_one = 1.0 - f64::EPSILON / 2.0;
        within("beta1", self.beta1, 0.0, below_one)?;
        within("beta2", self.beta2, 0.0, below_one)?;
        within("epsilon", self.epsilon, 0.0, f64::MAX)?;
        within("weight_decay", self.weight_decay, 0.0, f64::MAX)
    }
}

/// One optimizer step's settings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Update {
    /// The learning rate of this step.
    pub learning_rate: f64,
    /// Adam's settings.
    pub adam: Adam,
    /// Scales the gradient down to this global norm; `None` never does.
    pub max_grad_norm: Option<f64>,
}

/// `√Σ g²` over all tensors, in f64. Clipping needs the norm over the whole model.
pub fn global_norm<'a, R: Real>(grads: impl IntoIterator<Item = &'a [R]>) -> f64 {
    libm::sqrt(grads.into_iter().flatten().map(|g| g.f64() * g.f64()).sum())
}

/// Returns the factor of gradients of this global norm: `min(1, max/(norm + 1e-6))`, as PyTorch's
/// `clip_grad_norm_` has it (Pascanu et al., arXiv:1211.5063, §3.2).
///
/// # Errors
/// [`Error::NotFinite`] for the norm; [`Error::Range`] for a largest norm that is not positive.
pub fn clip_factor(norm: f64, max: Option<f64>) -> Result<f64, Error> {
    crate::ranges::finite("gradient norm", &[norm])?;
    let Some(max) = max else { return Ok(1.0) };
    positive("max_grad_norm", max)?;
    Ok((max / (norm + 1e-6)).min(1.0))
}

/// One step of Adam on one tensor: with `g` the gradient times `scale` (see [`clip_factor`]),
///
/// `m ← β₁m + (1−β₁)g`, `v ← β₂v + (1−β₂)g²`, `θ ← θ − η·m̂/(√v̂ + ε)`, `m̂ = m/(1−β₁ᵗ)`,
/// `v̂ = v/(1−β₂ᵗ)`.
///
/// `params`, `grads`, `first` (m), `second` (v): `[parameters]`, the moments 0 before the first
/// step. `step` is t, from 1. Elements are independent of each other, so tensors may be updated in
/// any order and in any pieces.
///
/// # Errors
/// [`Error::Shape`]; [`Error::Range`] for a setting, or step 0. A gradient that is not finite is the
/// caller's to refuse, by [`clip_factor`].
#[allow(clippy::too_many_arguments)]
pub fn adamw<R: Real>(
    params: &mut [R],
    grads: &[R],
    first: &mut [R],
    second: &mut [R],
    step: u64,
    update: &Update,
    scale: f64,
) -> Result<(), Error> {
    let n = params.len();
    check("grads", grads.len(), n)?;
    check("first", first.len(), n)?;
    check("second", second.len(), n)?;
    within("step", step as f64, 1.0, f64::MAX)?;
    let adam = &update.adam;
    adam.validate()?;
    let correction1 = 1.0 - libm::pow(adam.beta1, step as f64);
    let correction2 = libm::sqrt(1.0 - libm::pow(adam.beta2, step as f64));
    let (keep, l2) = match adam.decay {
        Decay::Decoupled => (1.0 - update.learning_rate * adam.weight_decay, 0.0),
        Decay::Gradient => (1.0, adam.weight_decay),
    };
    // With ε outside the correction, √v̂ + ε/correction is the same denominator.
    let epsilon = R::of(match adam.epsilon_at {
        EpsilonAt::Corrected => adam.epsilon,
        EpsilonAt::Raw => adam.epsilon / correction2,
    });
    let rate = R::of(update.learning_rate / correction1);
    let (keep, l2, scale, root) = (R::of(keep), R::of(l2), R::of(scale), R::of(correction2));
    let (step1, beta2, step2) = (R::of(1.0 - adam.beta1), R::of(adam.beta2), R::of(1.0 - adam.beta2));
    let moments = first.iter_mut().zip(second.iter_mut());
    for ((p, &g), (m, v)) in params.iter_mut().zip(grads).zip(moments) {
        let g = g * scale + l2 * *p;
        *m += step1 * (g - *m);
        *v = beta2 * *v + step2 * g * g;
        *p = *p * keep - rate * *m / (v.sqrt() / root + epsilon);
    }
    Ok(())
}

/// AdamW's state for a network whose weights are one array, for backends of that kind.
#[cfg(feature = "alloc")]
#[derive(Clone, Debug, PartialEq)]
pub struct AdamW<R> {
    first: Vec<R>,
    second: Vec<R>,
    steps: u64,
}

#[cfg(feature = "alloc")]
impl<R: Real> AdamW<R> {
    /// Before the first step of so many weights.
    pub fn new(weights: usize) -> Self {
        let zeros = vec![R::ZERO; weights];
        Self { first: zeros.clone(), second: zeros, steps: 0 }
    }

    /// One step, the gradient clipped as `update` says. `weights`, `gradient`: as many as there are; the
    /// gradient is 0 afterwards. Returns its norm before it was clipped.
    ///
    /// # Errors
    /// Those of [`clip_factor`] and [`adamw`]; weights and moments are then as before, and the gradient is 0.
    pub fn step(&mut self, weights: &mut [R], gradient: &mut [R], update: &Update) -> Result<f64, Error> {
        let norm = global_norm([&*gradient]);
        let stepped = clip_factor(norm, update.max_grad_norm).and_then(|scale| {
            adamw(weights, gradient, &mut self.first, &mut self.second, self.steps + 1, update, scale)
        });
        gradient.fill(R::ZERO);
        stepped?;
        self.steps += 1;
        Ok(norm)
    }
}

#[cfg(test)]
mod tests;
