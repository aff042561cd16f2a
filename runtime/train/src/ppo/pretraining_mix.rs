//! PPO-ptx (Ouyang et al., arXiv:2203.02155, eq. 2): pretraining gradients beside those of PPO.

use crate::rollout::Minibatch;
use crate::supervised::{self, SupervisedBatch};
use crate::{EpochSampler, Examples, TrainError, profile};
use rlhf_core::random::{Key, Stream};
use rlhf_core::roles::Learner;

/// PPO-ptx: the gradient of pretraining examples, added to each step of the policy.
pub(super) struct PretrainingMix<'a> {
    examples: &'a Examples,
    order: EpochSampler,
    /// The sum of the mean losses so far, and how many there are.
    loss: f64,
    losses: f64,
}

impl<'a> PretrainingMix<'a> {
    pub fn new(examples: &'a Examples, seed: u64, iteration: u32) -> Self {
        let key = Key::new(seed, Stream::Shuffle, (1 << 24) + (iteration << 8));
        Self { examples, order: EpochSampler::new(key, examples.len()), loss: 0.0, losses: 0.0 }
    }

    /// Accumulates the gradient of the next examples, as many as belong to a minibatch.
    pub async fn loss<P: Learner<Error: 'static>>(
        &mut self,
        policy: &mut P,
        settings: &profile::PretrainingMix,
        minibatch: &Minibatch,
    ) -> Result<(), TrainError> {
        if self.examples.is_empty() {
            return Ok(());
        }
        let count = libm::round(settings.examples * minibatch.indices.len() as f64) as usize;
        let indices = self.order.take(count);
        let examples = &self.examples.select(indices.iter().copied());
        let denominator = examples.loss_tokens().max(1) as f64;
        let coefficient = settings.coefficient;
        let batch = SupervisedBatch { examples, indices: &indices, denominator, coefficient };
        let loss = supervised::accumulate(policy, &batch, minibatch.place).await?;
        if coefficient > 0.0 {
            self.loss += loss / coefficient;
            self.losses += 1.0;
        }
        Ok(())
    }

    /// The mean loss, in nats per token; 0 without any.
    pub fn mean(&self) -> f64 {
        if self.losses > 0.0 { self.loss / self.losses } else { 0.0 }
    }
}
