//! The core's loops over the tokens of a batch, which no device has a part in: one thread.

use super::clock::WorkFn;
use super::cost::Cost;
use super::ppo::{NEW, settings};
use super::times::Phases;
use core::hint::black_box;
use rlhf::train::TrainError;
use rlhf_core::advantage::{Variance, Whitening, whiten};
use rlhf_core::loss::{policy_loss, value_loss};
use rlhf_core::random::{Key, Stream};
use rlhf_core::sampling::FinishReason;

/// The number of responses, which have [`NEW`] tokens each: together more than the processor's own caches hold.
const RESPONSES: usize = 1 << 14;
pub(super) const TOKENS: usize = RESPONSES * NEW;

/// A reward and a value read, an advantage and a return written; then the advantages whitened: read with their mask
/// once for both moments, and once more to be written.
pub(super) fn advantages_cost() -> Cost {
    Cost::default().and_bytes((4 * 4 + 2 * (4 + 1) + 4) as f64 * TOKENS as f64)
}

/// Returns the cost of either loss, which reads the log-probabilities now and before, a target and a mask, and writes a
/// gradient.
pub(super) fn losses_cost() -> Cost {
    Cost::default().and_bytes((2 * (4 * 4 + 1)) as f64 * TOKENS as f64)
}

/// Advantages and returns by TRL's settings, whitened over the batch.
pub(super) fn advantages() -> Result<Box<WorkFn<'static>>, TrainError> {
    let gae = settings()?.gae;
    let (rewards, values) = (numbers(0, TOKENS), numbers(1, RESPONSES * (NEW + 1)));
    let (mut advantages, mut returns, mask) = (vec![0.0; TOKENS], vec![0.0; TOKENS], vec![true; TOKENS]);
    Ok(Box::new(move || {
        let read = black_box(&rewards).chunks(NEW).zip(values.chunks(NEW + 1));
        let written = advantages.chunks_mut(NEW).zip(returns.chunks_mut(NEW));
        for ((rewards, values), (advantages, returns)) in read.zip(written) {
            gae.advantages(rewards, values, FinishReason::Length, advantages, returns)?;
        }
        whiten(&mut advantages, &mask, &Whitening::to_zero(Variance::Bessel))?;
        black_box((&mut advantages, &mut returns));
        Ok(Phases::new())
    }))
}

/// The clipped losses of policy and critic by TRL's settings, with their gradients.
pub(super) fn losses() -> Result<Box<WorkFn<'static>>, TrainError> {
    let (settings, count, mask) = (settings()?, TOKENS as f64, vec![true; TOKENS]);
    let [now, before, target] = [0, 1, 2].map(|of| numbers(of, TOKENS));
    let mut gradient = vec![0.0; TOKENS];
    Ok(Box::new(move || {
        let (clip, gradient) = (&settings.policy_clip, &mut gradient);
        let policy = policy_loss(black_box(&now), &before, &target, &mask, clip, count, gradient)?;
        black_box((policy, &mut *gradient));
        let clip = settings.value_clip;
        let value = value_loss(black_box(&now), &before, &target, &mask, clip, count, gradient)?;
        black_box((value, gradient));
        Ok(Phases::new())
    }))
}

/// Returns numbers from -1 to 1.
fn numbers(of: u32, count: usize) -> Vec<f32> {
    let key = Key::new(1, Stream::Data, of);
    (0..count as u32).map(|t| (2.0 * key.uniform(0, t) - 1.0) as f32).collect()
}
