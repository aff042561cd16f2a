//! A network in the midst of learning, taken off the device and put on another.

use crate::engine::learning::Learning;
use crate::{BurnError, Model};

/// What learning has gathered beside the weights, between two steps, in the order of
/// [`Model::weights`]. With the weights it is all that the next step depends on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OptimiserState {
    /// AdamW's first moments.
    pub first: Vec<f32>,
    /// AdamW's second moments.
    pub second: Vec<f32>,
    /// The weights' moving average; empty where none is kept.
    pub average: Vec<f32>,
    /// Steps taken.
    pub steps: u32,
}

impl Model {
    /// What learning has gathered; `None` before the first step.
    ///
    /// # Errors
    /// [`BurnError::Device`]; [`BurnError::Checkpoint`] where there is no memory for it.
    pub async fn optimiser_state(&self) -> Result<Option<OptimiserState>, BurnError> {
        let Some(learning) = &self.learning else { return Ok(None) };
        Ok(Some(OptimiserState {
            first: self.gather(&learning.first).await?,
            second: self.gather(&learning.second).await?,
            average: match &learning.average {
                Some(average) => self.gather(average).await?,
                None => Vec::new(),
            },
            steps: learning.steps,
        }))
    }

    /// Steps taken; `None` before the first.
    pub fn optimiser_steps(&self) -> Option<u32> {
        self.learning.as_ref().map(|learning| learning.steps)
    }

    /// Goes on from `state` instead of what was gathered here; a gradient that was accumulated is
    /// dropped.
    ///
    /// # Errors
    /// [`BurnError::Core`] where a part is not as long as the weights.
    pub fn set_optimiser_state(&mut self, state: &OptimiserState) -> Result<(), BurnError> {
        let send = |part: &[f32]| self.layout.send(&self.device, part);
        let average = if state.average.is_empty() { None } else { Some(send(&state.average)?) };
        let (first, second) = (send(&state.first)?, send(&state.second)?);
        self.learning = Some(Learning { gradient: None, first, second, average, steps: state.steps });
        Ok(())
    }
}
