//! The limits of a device.

use crate::engine::guard::catch_panic;
use crate::engine::precision::dtype;
use crate::engine::read::floats;
use crate::tensor::Tensor;
use crate::{Device, EngineError, Precision};
use core::time::Duration;
use rlhf_core::ready;
use std::time::Instant;

/// Sides of the product that is timed, on a processor and on a card.
const SIDES: [usize; 2] = [768, 4096];
/// Numbers that are copied at a time: beyond any cache.
const COPY: usize = 1 << 26;
/// The amount of work between two readings of the clock, so that the reading itself does not count.
const AT_ONCE: usize = 8;

impl Device {
    /// The most that the device was seen to do, in about `budget` each: operations a second of large products
    /// in `precision`, and bytes a second that adding a number to a long list reads and writes.
    pub(crate) fn limits(
        &self,
        precision: Precision,
        budget: Duration,
    ) -> Result<Option<(f64, f64)>, EngineError> {
        catch_panic(|| self.measured(precision, budget).map(Some))
    }

    fn measured(&self, precision: Precision, budget: Duration) -> Result<(f64, f64), EngineError> {
        let side = SIDES[usize::from(self.is_card())];
        let a = Tensor::<2>::ones([side, side], self.inner()).cast(dtype(precision));
        let product = best(budget, a, |a| a.clone().matmul(a.clone()))?;
        let long = Tensor::<2>::ones([COPY / 1024, 1024], self.inner());
        let added = best(budget, long, |x| x.clone().add_scalar(1.0))?;
        Ok((2.0 * (side as f64).powi(3) * product, 8.0 * COPY as f64 * added))
    }
}

/// The most often that `work` was done in a second.
fn best(budget: Duration, on: Tensor<2>, work: impl Fn(&Tensor<2>) -> Tensor<2>) -> Result<f64, EngineError> {
    let mut best = 0.0f64;
    let once = || -> Result<f64, EngineError> {
        let start = Instant::now();
        let mut out = work(&on);
        (1..AT_ONCE).for_each(|_| out = work(&on));
        // What was asked for last is done last.
        let corner = ready(floats(out.narrow(0, 0, 1).narrow(1, 0, 1)));
        corner.unwrap_or_else(|| Err(EngineError::waits()))?;
        Ok(AT_ONCE as f64 / start.elapsed().as_secs_f64())
    };
    // The first time compiles shaders.
    once()?;
    let start = Instant::now();
    while best == 0.0 || start.elapsed() < budget {
        best = best.max(once()?);
    }
    Ok(best)
}
