//! The whole product on this engine.

use crate::{Cpu, EngineError, Model};
use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use rlhf_core::model::Architecture;
use rlhf_core::network::{
    BoxedNetwork, DynCandidates, DynParameters, DynRows, Engine, Network, OptimizerState, Precision,
};

impl Engine for Cpu {
    fn network(&self, architecture: Architecture, weights: Vec<f32>) -> Result<BoxedNetwork, EngineError> {
        Ok(Box::new(Model::from_weights(self, architecture, weights)?))
    }

    fn name(&self) -> String {
        let name = alloc::format!("cpu {}", self.processor().name());
        match self.precision() {
            // The instruction adds in an order of its own.
            Precision::Bf16 if self.processor().multiplies_bf16() => name + " bf16",
            Precision::Bf16 => name + " bf16 widened",
            _ => name,
        }
    }

    fn precision(&self) -> Precision {
        Cpu::precision(self)
    }
}

impl Network for Model {
    fn architecture(&self) -> &Architecture {
        Self::architecture(self)
    }

    async fn weights(&self) -> Result<Cow<'_, [f32]>, EngineError> {
        Ok(Self::weights(self).into())
    }

    async fn optimizer_state(&self) -> Result<Option<OptimizerState<'_>>, EngineError> {
        Ok(Self::optimizer_state(self))
    }

    fn set_optimizer_state(&mut self, state: OptimizerState<'_>) -> Result<(), EngineError> {
        Self::set_optimizer_state(self, state)
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
