//! A network of whichever engine.

use super::{Device, EngineError, OptimizerState};
use core::any::Any;
use core::fmt;
use rlhf_core::model::Architecture;
use rlhf_core::network::{BoxedFuture, BoxedNetwork, Network};
use rlhf_core::ready;
use rlhf_core::rewards::RewardScale;
use std::borrow::Cow;

/// A network of whichever engine, which plays every role: policy, reference, reward model, critic, learner.
///
/// A clone has the same weights until one of the two learns; it has no optimizer state.
pub struct Model {
    device: Device,
    pub(super) network: BoxedNetwork,
}

/// Returns the result of a future that never waits: native devices block by themselves.
fn block<T>(future: BoxedFuture<'_, T>) -> Result<T, EngineError> {
    ready(future).unwrap_or_else(|| Err(EngineError::waits()))
}

impl Model {
    /// A network that is there already. `device`: what makes others of its kind.
    pub fn new(device: &Device, network: impl Network) -> Self {
        Self { device: device.clone(), network: Box::new(network) }
    }

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
    /// [`EngineError`] names the field, or gives the number of weights that there should be.
    pub fn from_weights(
        device: &Device,
        architecture: Architecture,
        weights: Vec<f32>,
    ) -> Result<Self, EngineError> {
        Ok(Self { device: device.clone(), network: device.engine().network(architecture, weights)? })
    }

    /// Returns the same network with a scalar head, which makes a language model a reward model. The head's weights are
    /// normal with standard deviation `deviation`; 0 makes it return 0. An existing head is replaced.
    ///
    /// # Errors
    /// [`EngineError::Core`] when `deviation` is negative or not finite; the device's own.
    pub fn with_scalar_head(&self, deviation: f32, seed: u64) -> Result<Self, EngineError> {
        let old = self.architecture();
        let weights = rlhf_core::model::with_scalar_head(old, &self.weights()?, deviation, seed)?;
        Self::from_weights(&self.device, old.with_scalar(), weights)
    }

    /// Returns the same network with a scalar head that returns `scale.apply(x)` where this one's returns `x`.
    ///
    /// # Errors
    /// [`EngineError::Core`] where there is no scalar head; the device's own.
    pub fn with_scaled_head(&self, scale: &RewardScale) -> Result<Self, EngineError> {
        let (architecture, mut weights) = (self.architecture(), self.weights()?.into_owned());
        rlhf_core::model::scale_scalar_head(architecture, &mut weights, scale)?;
        Self::from_weights(&self.device, architecture.clone(), weights)
    }

    /// The architecture.
    pub fn architecture(&self) -> &Architecture {
        self.network.architecture()
    }

    /// Returns the device that it is computed on.
    pub fn device(&self) -> Device {
        self.device.clone()
    }

    /// The network itself, if it is of that type.
    pub fn downcast_ref<N: Network>(&self) -> Option<&N> {
        (&*self.network as &dyn Any).downcast_ref()
    }

    /// Returns all weights, in the order of [`Architecture::tensors`]; they are fetched from the device where they are
    /// not in memory.
    ///
    /// # Errors
    /// The device's own.
    pub fn weights(&self) -> Result<Cow<'_, [f32]>, EngineError> {
        block(self.network.weights())
    }

    /// Seeds the dropout masks of learning; the architecture has the rate.
    pub fn seed_dropout(&mut self, seed: u64) {
        self.network.seed_dropout(seed);
    }

    /// Returns the optimizer's state; `None` before the first step.
    ///
    /// # Errors
    /// The device's own.
    pub fn optimizer_state(&self) -> Result<Option<OptimizerState<'_>>, EngineError> {
        block(self.network.optimizer_state())
    }

    /// Steps taken; `None` before the first.
    pub fn optimizer_steps(&self) -> Option<u32> {
        self.network.optimizer_steps()
    }

    /// Goes on from `state` instead of what was gathered here; a gradient that was accumulated is dropped.
    ///
    /// # Errors
    /// [`EngineError`] where a part is not as long as the weights.
    pub fn set_optimizer_state(&mut self, state: OptimizerState<'_>) -> Result<(), EngineError> {
        self.network.set_optimizer_state(state)
    }
}

impl Clone for Model {
    fn clone(&self) -> Self {
        Self { device: self.device.clone(), network: self.network.boxed_clone() }
    }
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Model({:?}, {})", self.architecture(), self.device)
    }
}

impl From<rlhf_cpu::Model> for Model {
    fn from(model: rlhf_cpu::Model) -> Self {
        Self::new(&model.cpu().clone().into(), model)
    }
}
