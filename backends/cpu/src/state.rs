//! A network in the midst of learning, taken apart and put together again.

use crate::learning::Learning;
use crate::{EngineError, Model};
use alloc::vec;
use rlhf_core::Error;
use rlhf_core::network::OptimizerState;

impl Model {
    /// Returns the optimizer's state; `None` before the first step.
    pub fn optimizer_state(&self) -> Option<OptimizerState<'_>> {
        let l = self.learning.as_ref()?;
        let (first, second, average) = (&l.first[..], &l.second[..], &l.average[..]);
        Some(OptimizerState {
            first: first.into(),
            second: second.into(),
            average: average.into(),
            steps: l.steps,
        })
    }

    /// Goes on from `state` instead of what was gathered here; a gradient that was accumulated is
    /// dropped.
    ///
    /// # Errors
    /// [`EngineError::Core`] names the part that is not as long as the weights.
    pub fn set_optimizer_state(&mut self, state: OptimizerState<'_>) -> Result<(), EngineError> {
        let OptimizerState { first, second, average, steps } = state;
        let want = self.weights().len();
        for (name, got) in [("first", first.len()), ("second", second.len()), ("average", average.len())] {
            if got != want && !(name == "average" && got == 0) {
                return Err(Error::Shape { name, want, got }.into());
            }
        }
        self.learning = Some(Learning {
            gradient: vec![0.0; self.gradient_len()],
            first: first.into_owned(),
            second: second.into_owned(),
            average: average.into_owned(),
            steps,
        });
        Ok(())
    }
}
