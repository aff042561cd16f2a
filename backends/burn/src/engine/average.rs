//! The moving average of the weights.

use crate::{EngineError, Model};
use rlhf_core::Error;
use rlhf_core::roles::Averaged;

impl Averaged for Model {
    async fn average(&mut self, decay: f64) -> Result<(), EngineError> {
        if !(0.0..=1.0).contains(&decay) {
            return Err(Error::Range { name: "decay", value: decay, low: 0.0, high: 1.0 }.into());
        }
        let weights = self.weights.clone();
        let held = &mut self.learning().average;
        *held = Some(match held.take() {
            None => weights,
            Some(average) => average
                .into_iter()
                .zip(weights)
                .map(|(average, weight)| average.clone() + (weight - average).mul_scalar(1.0 - decay))
                .collect(),
        });
        Ok(())
    }

    async fn swap_average(&mut self) -> Result<(), EngineError> {
        let average = self.learning.as_mut().and_then(|learning| learning.average.as_mut());
        core::mem::swap(average.ok_or(EngineError::NoAverage)?, &mut self.weights);
        Ok(())
    }
}
