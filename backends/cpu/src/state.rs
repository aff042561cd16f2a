//! A network in the midst of learning, taken apart and put together again.

use crate::learning::Learning;
use crate::{CpuError, Model};
use alloc::vec;
use alloc::vec::Vec;
use rlhf_core::Error;

/// What learning has gathered beside the weights, between two steps. With the weights it is all that
/// the next step depends on: a network that is put together from both learns on to the same bits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OptimiserState<'a> {
    /// AdamW's first moments, in the order of [`Model::weights`].
    pub first: &'a [f32],
    /// AdamW's second moments, in the same order.
    pub second: &'a [f32],
    /// The weights' moving average, in the same order; empty where none is kept.
    pub average: &'a [f32],
    /// Steps taken.
    pub steps: u32,
}

impl Model {
    /// What learning has gathered; `None` before the first step.
    pub fn optimiser_state(&self) -> Option<OptimiserState<'_>> {
        let l = self.learning.as_ref()?;
        Some(OptimiserState { first: &l.first, second: &l.second, average: &l.average, steps: l.steps })
    }

    /// Goes on from `state` instead of what was gathered here; a gradient that was accumulated is
    /// dropped.
    ///
    /// # Errors
    /// [`CpuError::Core`] names the part that is not as long as the weights.
    pub fn set_optimiser_state(&mut self, state: OptimiserState<'_>) -> Result<(), CpuError> {
        let want = self.weights().len();
        for (name, part) in [("first", state.first), ("second", state.second), ("average", state.average)] {
            if part.len() != want && !(name == "average" && part.is_empty()) {
                return Err(Error::Shape { name, want, got: part.len() }.into());
            }
        }
        let copy = |part: &[f32]| -> Vec<f32> { part.into() };
        self.learning = Some(Learning {
            gradient: vec![0.0; self.gradient_len()],
            first: copy(state.first),
            second: copy(state.second),
            average: copy(state.average),
            steps: state.steps,
        });
        Ok(())
    }
}
