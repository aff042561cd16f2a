//! An optimizer's settings, and its learning rate over a run.

use rlhf_core::Error;
use rlhf_core::optim::{Adam, Decay, EpsilonAt, Schedule, Shape, Update, WarmUp};
use rlhf_core::ranges::{positive, within};

/// An optimizer and how its rate runs.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Optimizer {
    /// The highest learning rate, 0 or more.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub learning_rate: f64,
    /// Adam's settings.
    pub adam: Adam,
    /// The decay of the rate.
    pub shape: Shape,
    /// The warm-up of the rate.
    pub warm_up: WarmUpLength,
    /// The share of the highest rate that the rise starts from, 0 to 1.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 1)))]
    pub warm_up_from: f64,
    /// The largest global norm of a gradient, above 0.
    #[cfg_attr(feature = "schema", schemars(extend("exclusiveMinimum" = 0)))]
    pub max_grad_norm: Option<f64>,
}

/// The length of a warm-up.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum WarmUpLength {
    /// Optimizer steps.
    Steps(u64),
    /// Rollouts, with all their optimizer steps.
    Iterations(u64),
    /// A share of the run, rounded up to whole steps.
    Share(#[cfg_attr(feature = "schema", schemars(range(min = 0, max = 1)))] f64),
}

impl Optimizer {
    /// The rates of a run of `total` optimizer steps, `per_iteration` of them for each rollout (1
    /// where there are no rollouts).
    pub fn schedule(&self, total: u64, per_iteration: u64) -> Schedule {
        let steps = match self.warm_up {
            WarmUpLength::Steps(steps) => steps,
            WarmUpLength::Iterations(iterations) => iterations.saturating_mul(per_iteration),
            WarmUpLength::Share(share) => libm::ceil(share * total as f64) as u64,
        };
        let warm_up = WarmUp { steps, from: self.warm_up_from };
        Schedule { peak: self.learning_rate, warm_up, shape: self.shape, total }
    }

    /// The settings of the optimizer step with this index, from 0.
    pub fn update(&self, schedule: &Schedule, step: u64) -> Update {
        Update { learning_rate: schedule.rate(step), adam: self.adam, max_grad_norm: self.max_grad_norm }
    }

    /// Checks every range.
    pub(super) fn validate(&self) -> Result<(), Error> {
        self.adam.validate()?;
        // Without it a weight that has never had a gradient is 0/0.
        positive("epsilon", self.adam.epsilon)?;
        if let WarmUpLength::Share(share) = self.warm_up {
            within("warm_up share", share, 0.0, 1.0)?;
        }
        self.max_grad_norm.map_or(Ok(()), |max| positive("max_grad_norm", max))?;
        self.schedule(1, 1).validate()
    }
}

const PLAIN: Optimizer = Optimizer {
    learning_rate: 0.0,
    adam: Adam {
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-8,
        epsilon_at: EpsilonAt::Corrected,
        weight_decay: 0.0,
        decay: Decay::Decoupled,
    },
    shape: Shape::Constant,
    warm_up: WarmUpLength::Steps(0),
    warm_up_from: 0.0,
    max_grad_norm: None,
};

/// AdamW as it is by default, at a rate of this shape.
pub(super) const fn optimizer(learning_rate: f64, shape: Shape) -> Optimizer {
    Optimizer { learning_rate, shape, ..PLAIN }
}

/// AdamW with a warm-up from 0.
pub(super) const fn rising(learning_rate: f64, shape: Shape, warm_up: WarmUpLength) -> Optimizer {
    Optimizer { warm_up, ..optimizer(learning_rate, shape) }
}
