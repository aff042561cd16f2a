//! The trait of networks that play every role.

use super::{DynCandidates, DynParameters, DynRows, EngineError, OptimizerState};
use crate::model::Architecture;
use crate::ready;
use crate::roles::{Averaged, Critic, Learner, Policy, Reference, Reward};
use alloc::borrow::Cow;

/// A network that plays every role, and whose weights and optimizer state can be saved and restored.
///
/// A clone starts with the same weights and without optimizer state; the two then learn independently. The error type
/// may be the backend's own if it converts to [`EngineError`], for instance by [`EngineError::other`].
pub trait Network:
    Policy
    + Reference<Error: Into<EngineError>>
    + Reward<Error: Into<EngineError>>
    + Critic<Error: Into<EngineError>>
    + Learner<Error: Into<EngineError>>
    + Averaged
    + Clone
    + Send
    + Sync
    + 'static
{
    /// Returns the architecture.
    fn architecture(&self) -> &Architecture;

    /// Returns all weights, in the order of [`Architecture::tensors`], fetched from the device if necessary.
    ///
    /// # Errors
    /// An error of the device.
    fn weights(&self) -> impl Future<Output = Result<Cow<'_, [f32]>, EngineError>>;

    /// Returns the optimizer's state; `None` before the first step.
    ///
    /// # Errors
    /// An error of the device.
    fn optimizer_state(&self) -> impl Future<Output = Result<Option<OptimizerState<'_>>, EngineError>>;

    /// Replaces the optimizer's state and drops the accumulated gradient.
    ///
    /// # Errors
    /// [`EngineError::Core`] names the part of `state` whose length differs from that of the weights.
    fn set_optimizer_state(&mut self, state: OptimizerState<'_>) -> Result<(), EngineError>;

    /// Seeds the dropout masks used in training. The architecture has the dropout rate.
    fn seed_dropout(&mut self, seed: u64);

    /// Returns the number of optimizer steps taken; `None` before the first. Override it if the state is slow to read.
    fn optimizer_steps(&self) -> Option<u32> {
        Some(ready(self.optimizer_state())?.ok()??.steps)
    }

    /// Returns `Some(self)` if the network implements `Rows` and `LearnRows`, else `None`.
    fn as_rows(&mut self) -> Option<&mut dyn DynRows> {
        None
    }

    /// Returns `Some(self)` if the network implements `Candidates` and `LearnCandidates`, else `None`.
    fn as_candidates(&mut self) -> Option<&mut dyn DynCandidates> {
        None
    }

    /// Returns `Some(self)` if the network implements `Parameters`, else `None`.
    fn as_parameters(&mut self) -> Option<&mut dyn DynParameters> {
        None
    }
}
