//! A network in the midst of learning, taken off the device and put on another.

use crate::engine::learning::Learning;
use crate::{EngineError, Model};
use rlhf_core::network::OptimizerState;
use std::borrow::Cow;

impl Model {
    /// Returns the optimizer's state; `None` before the first step.
    ///
    /// # Errors
    /// [`EngineError::Device`]; [`EngineError::Checkpoint`] where there is no memory for it.
    pub async fn optimizer_state(&self) -> Result<Option<OptimizerState<'static>>, EngineError> {
        let Some(learning) = &self.learning else { return Ok(None) };
        Ok(Some(OptimizerState {
            first: self.gather(&learning.first).await?.into(),
            second: self.gather(&learning.second).await?.into(),
            average: match &learning.average {
                Some(average) => self.gather(average).await?.into(),
                None => Cow::default(),
            },
            steps: learning.steps,
        }))
    }

    /// Steps taken; `None` before the first.
    pub fn optimizer_steps(&self) -> Option<u32> {
        self.learning.as_ref().map(|learning| learning.steps)
    }

    /// Goes on from `state` instead of what was gathered here; a gradient that was accumulated is
    /// dropped.
    ///
    /// # Errors
    /// [`EngineError::Core`] where a part is not as long as the weights.
    pub fn set_optimizer_state(&mut self, state: &OptimizerState<'_>) -> Result<(), EngineError> {
        let send = |part: &[f32]| self.layout.send(&self.device, part);
        let average = if state.average.is_empty() { None } else { Some(send(&state.average)?) };
        let (first, second) = (send(&state.first)?, send(&state.second)?);
        self.learning = Some(Learning { gradient: None, first, second, average, steps: state.steps });
        Ok(())
    }
}
