//! A network that plays every role.

use super::{DynCandidates, DynParameters, DynRows, EngineError, OptimizerState};
use crate::model::Architecture;
use crate::ready;
use crate::roles::{Averaged, Critic, Learner, Policy, Reference, Reward};
use alloc::borrow::Cow;

/// A network that plays every role, and can be taken apart and put together again.
///
/// A clone has the same weights until one of the two learns, and no optimizer state. Errors may be of the
/// backend's own type where that becomes an [`EngineError`] ([`EngineError::other`] makes one).
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
    /// The architecture.
    fn architecture(&self) -> &Architecture;

    /// All weights, in the order of [`Architecture::tensors`]: fetched from the device where they are not in memory.
    ///
    /// # Errors
    /// The device's own.
    fn weights(&self) -> impl Future<Output = Result<Cow<'_, [f32]>, EngineError>>;

    /// Returns the optimizer's state; `None` before the first step.
    ///
    /// # Errors
    /// The device's own.
    fn optimizer_state(&self) -> impl Future<Output = Result<Option<OptimizerState<'_>>, EngineError>>;

    /// Goes on from `state` instead of what was gathered here; a gradient that was accumulated is dropped.
    ///
    /// # Errors
    /// [`EngineError::Core`] names the part that is not as long as the weights.
    fn set_optimizer_state(&mut self, state: OptimizerState<'_>) -> Result<(), EngineError>;

    /// Seeds the dropout masks of learning; the architecture says how much is dropped.
    fn seed_dropout(&mut self, seed: u64);

    /// Steps taken; `None` before the first. A device whose state is slow to read overrides this.
    fn optimizer_steps(&self) -> Option<u32> {
        Some(ready(self.optimizer_state())?.ok()??.steps)
    }

    /// Returns `Some(self)` where the network gives rows of logits and learns from them.
    fn as_rows(&mut self) -> Option<&mut dyn DynRows> {
        None
    }

    /// Returns `Some(self)` where the network gives candidates and learns from them.
    fn as_candidates(&mut self) -> Option<&mut dyn DynCandidates> {
        None
    }

    /// Returns `Some(self)` where parameters can be read and written.
    fn as_parameters(&mut self) -> Option<&mut dyn DynParameters> {
        None
    }
}
