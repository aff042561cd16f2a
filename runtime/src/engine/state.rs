//! A network in the midst of learning, taken apart and put together again.

use super::{EngineError, Model};
use std::borrow::Cow;

/// What learning has gathered beside the weights, between two steps. With the weights it is all that the next
/// step depends on.
#[derive(Clone, Debug, PartialEq)]
pub struct OptimizerState<'a> {
    /// AdamW's first moments, in the order of [`Model::weights`].
    pub first: Cow<'a, [f32]>,
    /// AdamW's second moments, in the same order.
    pub second: Cow<'a, [f32]>,
    /// The weights' moving average, in the same order; empty where none is kept.
    pub average: Cow<'a, [f32]>,
    /// Steps taken.
    pub steps: u32,
}

impl Model {
    /// What learning has gathered; `None` before the first step.
    ///
    /// # Errors
    /// The device's own.
    pub fn optimizer_state(&self) -> Result<Option<OptimizerState<'_>>, EngineError> {
        Ok(match self {
            Self::Cpu(model) => model.optimizer_state().map(|state| OptimizerState {
                first: state.first.into(),
                second: state.second.into(),
                average: state.average.into(),
                steps: state.steps,
            }),
            #[cfg(feature = "burn")]
            Self::Burn(model) => {
                super::waited::waited(model.optimizer_state())?.map(|state| OptimizerState {
                    first: state.first.into(),
                    second: state.second.into(),
                    average: state.average.into(),
                    steps: state.steps,
                })
            }
        })
    }

    /// Steps taken; `None` before the first.
    pub fn optimizer_steps(&self) -> Option<u32> {
        match self {
            Self::Cpu(model) => model.optimizer_state().map(|state| state.steps),
            #[cfg(feature = "burn")]
            Self::Burn(model) => model.optimizer_steps(),
        }
    }

    /// Goes on from `state` instead of what was gathered here; a gradient that was accumulated is dropped.
    ///
    /// # Errors
    /// [`EngineError`] where a part is not as long as the weights.
    pub fn set_optimizer_state(&mut self, state: OptimizerState<'_>) -> Result<(), EngineError> {
        let OptimizerState { first, second, average, steps } = state;
        match self {
            Self::Cpu(model) => model.set_optimizer_state(rlhf_cpu::OptimizerState {
                first: &first,
                second: &second,
                average: &average,
                steps,
            })?,
            #[cfg(feature = "burn")]
            Self::Burn(model) => model.set_optimizer_state(&rlhf_burn::OptimizerState {
                first: first.into_owned(),
                second: second.into_owned(),
                average: average.into_owned(),
                steps,
            })?,
        }
        Ok(())
    }
}
