//! A network of whichever engine.

use super::{Device, EngineError};
use rlhf_core::maths::RewardScale;
use rlhf_core::model::Architecture;
use std::borrow::Cow;

/// A network of whichever engine, which plays every role: policy, reference, reward model, critic, learner.
///
/// A clone shares the weights until one of the two learns; it has no optimiser state.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Model {
    /// Of the CPU engine.
    Cpu(Box<rlhf_cpu::Model>),
    /// Of Burn.
    #[cfg(feature = "burn")]
    Burn(Box<rlhf_burn::Model>),
}

impl Model {
    /// A network with random weights, [`rlhf_core::model::random`]'s: the same on every device.
    ///
    /// # Errors
    /// [`EngineError::Core`] names the field of the architecture that does not fit.
    pub fn random(device: &Device, architecture: Architecture, seed: u64) -> Result<Self, EngineError> {
        let weights = rlhf_core::model::random(&architecture, seed)?;
        Self::from_weights(device, architecture, weights)
    }

    /// A network with these weights, in the order of [`Architecture::tensors`].
    ///
    /// # Errors
    /// [`EngineError`] names the field, or says how many numbers there should be.
    pub fn from_weights(
        device: &Device,
        architecture: Architecture,
        weights: Vec<f32>,
    ) -> Result<Self, EngineError> {
        Ok(match device {
            Device::Cpu(cpu) => rlhf_cpu::Model::from_weights(cpu, architecture, weights)?.into(),
            #[cfg(feature = "burn")]
            Device::Burn { device, precision } => {
                let model = rlhf_burn::Model::from_weights(device, architecture, &weights)?;
                model.with_precision((*precision).into())?.into()
            }
        })
    }

    /// The same network with a scalar head, whose weights are normal with standard deviation `deviation` (0
    /// makes it say 0): a reward model from a language model. One that there is already is replaced.
    ///
    /// # Errors
    /// [`EngineError::Core`] when `deviation` is negative or not finite; the device's own.
    pub fn with_scalar_head(&self, deviation: f32, seed: u64) -> Result<Self, EngineError> {
        let old = self.architecture();
        let weights = rlhf_core::model::with_scalar_head(old, &self.weights()?, deviation, seed)?;
        Self::from_weights(&self.device(), old.with_scalar(), weights)
    }

    /// The same network with a scalar head that says `scale.apply(x)` where this one's says `x`.
    ///
    /// # Errors
    /// [`EngineError::Core`] where there is no scalar head; the device's own.
    pub fn with_scaled_head(&self, scale: &RewardScale) -> Result<Self, EngineError> {
        let (architecture, mut weights) = (self.architecture(), self.weights()?.into_owned());
        rlhf_core::model::scale_scalar_head(architecture, &mut weights, scale)?;
        Self::from_weights(&self.device(), architecture.clone(), weights)
    }

    /// The architecture.
    pub fn architecture(&self) -> &Architecture {
        match self {
            Self::Cpu(model) => model.architecture(),
            #[cfg(feature = "burn")]
            Self::Burn(model) => model.architecture(),
        }
    }

    /// What it runs on.
    pub fn device(&self) -> Device {
        match self {
            Self::Cpu(model) => model.cpu().clone().into(),
            #[cfg(feature = "burn")]
            Self::Burn(model) => {
                Device::Burn { device: model.device().clone(), precision: model.precision().into() }
            }
        }
    }

    /// All weights, in the order of [`Architecture::tensors`]: fetched from the device, where they are not
    /// in memory.
    ///
    /// # Errors
    /// The device's own.
    pub fn weights(&self) -> Result<Cow<'_, [f32]>, EngineError> {
        Ok(match self {
            Self::Cpu(model) => model.weights().into(),
            #[cfg(feature = "burn")]
            Self::Burn(model) => super::waited::waited(model.weights())?.into(),
        })
    }

    /// Seeds the dropout masks of learning; the architecture says how much is dropped.
    pub fn seed_dropout(&mut self, seed: u64) {
        match self {
            Self::Cpu(model) => model.seed_dropout(seed),
            #[cfg(feature = "burn")]
            Self::Burn(model) => model.seed_dropout(seed),
        }
    }
}

impl From<rlhf_cpu::Model> for Model {
    fn from(model: rlhf_cpu::Model) -> Self {
        Self::Cpu(model.into())
    }
}

#[cfg(feature = "burn")]
impl From<rlhf_burn::Model> for Model {
    fn from(model: rlhf_burn::Model) -> Self {
        Self::Burn(model.into())
    }
}
