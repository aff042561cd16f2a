//! The whole product on a device.

use crate::{Device, EngineError, Model, Precision};
use core::time::Duration;
use rlhf_core::model::Architecture;
use rlhf_core::network::{self, BoxedNetwork, DynCandidates, DynParameters, DynRows, OptimizerState};
use std::borrow::Cow;

/// A device, and what products are computed in there.
#[derive(Clone, Debug)]
pub struct Engine {
    device: Device,
    precision: Precision,
}

impl Engine {
    /// Joins both.
    ///
    /// # Errors
    /// [`EngineError::Precision`] where the device does not compute in it.
    pub fn new(device: Device, precision: Precision) -> Result<Self, EngineError> {
        device.computes_in(precision)?;
        Ok(Self { device, precision })
    }
}

impl network::Engine for Engine {
    fn network(&self, architecture: Architecture, weights: Vec<f32>) -> Result<BoxedNetwork, EngineError> {
        let model = Model::from_weights(&self.device, architecture, &weights)?;
        Ok(Box::new(model.with_precision(self.precision)?))
    }

    fn name(&self) -> String {
        format!("{} {}", self.device.name(), self.precision.name())
    }

    fn precision(&self) -> Precision {
        self.precision
    }

    fn in_memory(&self) -> bool {
        !self.device.is_card()
    }

    fn limits(&self, budget: Duration) -> Result<Option<(f64, f64)>, EngineError> {
        self.device.limits(self.precision, budget)
    }
}

impl network::Network for Model {
    fn architecture(&self) -> &Architecture {
        Self::architecture(self)
    }

    async fn weights(&self) -> Result<Cow<'_, [f32]>, EngineError> {
        Ok(Self::weights(self).await?.into())
    }

    async fn optimizer_state(&self) -> Result<Option<OptimizerState<'_>>, EngineError> {
        Self::optimizer_state(self).await
    }

    fn set_optimizer_state(&mut self, state: OptimizerState<'_>) -> Result<(), EngineError> {
        Self::set_optimizer_state(self, &state)
    }

    fn optimizer_steps(&self) -> Option<u32> {
        Self::optimizer_steps(self)
    }

    fn seed_dropout(&mut self, seed: u64) {
        Self::seed_dropout(self, seed);
    }

    fn as_rows(&mut self) -> Option<&mut dyn DynRows> {
        Some(self)
    }

    fn as_candidates(&mut self) -> Option<&mut dyn DynCandidates> {
        Some(self)
    }

    fn as_parameters(&mut self) -> Option<&mut dyn DynParameters> {
        Some(self)
    }
}
