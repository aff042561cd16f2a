//! Learning rates over a run.

use crate::Error;
use crate::ranges::within;

/// The shape of the rate after the warm-up, as a share of its peak, with `x` = steps since the warm-up
/// over steps planned after it.
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Shape {
    /// 1.
    #[default]
    Constant,
    /// `1 − x`, and 0 once x ≥ 1.
    Linear,
    /// `floor + (1 − floor)·½(1 + cos πx)`, and `floor` once x ≥ 1 (arXiv:1608.03983 without
    /// restarts; InstructGPT and OpenRLHF end at 0.1).
    Cosine {
        /// The rate at the end, as a share of the peak.
        #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 1)))]
        floor: f64,
    },
    /// `½(1 + cos 2πcx)`, going on past x = 1: Hugging Face's `get_cosine_schedule_with_warmup`,
    /// whose default c is ½. Beware: a run longer than planned sees the rate rise again.
    CosineCycles {
        /// The number of cosine waves, c.
        #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
        cycles: f64,
    },
    /// `½(1 + cos π·frac(cx))`, and 0 once x ≥ 1: c falls, each from the peak.
    CosineRestarts {
        /// Falls, c.
        #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
        cycles: f64,
    },
}

/// The rise of the rate at the start: over `steps` steps from `from` times the peak.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize))]
pub struct WarmUp {
    /// Steps before the peak.
    pub steps: u64,
    /// The share of the peak that the first step uses: 0 for Hugging Face, 0.1 for InstructGPT.
    pub from: f64,
}

/// The learning rate of every optimizer step of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "alloc", derive(serde::Serialize, serde::Deserialize))]
pub struct Schedule {
    /// The highest rate.
    pub peak: f64,
    /// The rise.
    pub warm_up: WarmUp,
    /// The fall.
    pub shape: Shape,
    /// Optimizer steps planned, the warm-up's included.
    pub total: u64,
}

impl Schedule {
    /// A constant rate.
    pub const fn constant(rate: f64) -> Self {
        Self { peak: rate, warm_up: WarmUp { steps: 0, from: 0.0 }, shape: Shape::Constant, total: 0 }
    }

    /// The rate of the optimizer step with this index, from 0.
    pub fn rate(&self, step: u64) -> f64 {
        let WarmUp { steps, from } = self.warm_up;
        if step < steps {
            return self.peak * (from + (1.0 - from) * step as f64 / steps as f64);
        }
        let x = (step - steps) as f64 / self.total.saturating_sub(steps).max(1) as f64;
        let cosine = |x: f64| 0.5 * (1.0 + libm::cos(core::f64::consts::PI * x));
        self.peak
            * match self.shape {
                Shape::Constant => 1.0,
                Shape::Linear => (1.0 - x).max(0.0),
                Shape::Cosine { floor } => floor + (1.0 - floor) * cosine(x.min(1.0)),
                Shape::CosineCycles { cycles } => cosine(2.0 * cycles * x),
                Shape::CosineRestarts { .. } if x >= 1.0 => 0.0,
                Shape::CosineRestarts { cycles } => cosine(cycles * x % 1.0),
            }
    }

    /// Checks every range.
    ///
    /// # Errors
    /// [`Error::Range`] names the setting.
    pub fn validate(&self) -> Result<(), Error> {
        within("peak", self.peak, 0.0, f64::MAX)?;
        within("warm-up from", self.warm_up.from, 0.0, 1.0)?;
        match self.shape {
            Shape::Cosine { floor } => within("floor", floor, 0.0, 1.0),
            Shape::CosineCycles { cycles } | Shape::CosineRestarts { cycles } => {
                within("cycles", cycles, 0.0, f64::MAX)
            }
            Shape::Constant | Shape::Linear => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
