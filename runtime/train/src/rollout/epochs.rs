//! Epochs of minibatches over a rollout.

use crate::examples::{Part, parts};
use crate::guard::{Offender, Place};
use crate::profile::RolloutPasses;
use crate::{EpochSampler, TrainError};
use alloc::vec::Vec;
use rlhf_core::Rollouts;
use rlhf_core::random::{Key, Stream};

/// The passes over the rollout of an iteration.
#[derive(Clone, Copy)]
pub(crate) struct Epochs {
    pub seed: u64,
    /// The iteration, from 0.
    pub iteration: u32,
    pub epochs: u32,
    /// Minibatches in an epoch.
    pub minibatches: u32,
}

impl Epochs {
    pub fn new(passes: &RolloutPasses, seed: u64, iteration: u32) -> Self {
        Self { seed, iteration, epochs: passes.epochs, minibatches: passes.minibatches }
    }

    /// The indices of `0 .. items` for each step of all epochs, each epoch in another order under a key that begins
    /// with `first`. With fewer items than minibatches an epoch has as many steps as items.
    pub fn batches(self, first: u32, items: usize) -> impl Iterator<Item = IndexBatch> {
        let Self { seed, iteration, epochs, minibatches } = self;
        let key = Key::new(seed, Stream::Shuffle, first + iteration.wrapping_mul(epochs));
        let mut order = EpochSampler::new(key, items);
        let size = items.div_ceil(minibatches as usize).max(1);
        let before = u64::from(iteration) * u64::from(epochs) * u64::from(minibatches);
        let epoch = move |_| order.take(items).chunks(size).map(<[_]>::to_vec).collect::<Vec<_>>();
        (0..epochs).flat_map(epoch).zip(1..).map(move |(indices, minibatch)| {
            let place = Place::Minibatch { iteration: u64::from(iteration) + 1, minibatch };
            IndexBatch { indices, step: before + minibatch - 1, place }
        })
    }

    /// The minibatches of all epochs, each epoch in another keyed order.
    pub fn minibatches(
        self,
        rollouts: &Rollouts,
    ) -> impl Iterator<Item = Result<Minibatch, TrainError>> + '_ {
        let Self { seed, iteration, epochs, minibatches } = self;
        let epoch = move |epoch| {
            let step = iteration.wrapping_mul(epochs).wrapping_add(epoch);
            let key = Key::new(seed, Stream::Shuffle, (1 << 17) + step);
            let (all, error) = match rollouts.minibatches(key, minibatches as usize) {
                Ok(all) => (all, None),
                Err(error) => (Vec::new(), Some(Err(error))),
            };
            all.into_iter().map(Ok).chain(error)
        };
        (0..epochs).flat_map(epoch).zip(1..).map(move |(indices, minibatch)| {
            let place = Place::Minibatch { iteration: u64::from(iteration) + 1, minibatch };
            Ok(Minibatch::new(rollouts, indices?, place)?)
        })
    }
}

/// Indices of items, learnt from in one optimizer step.
pub(crate) struct IndexBatch {
    pub indices: Vec<usize>,
    /// The 0-based number of the step in the run.
    pub step: u64,
    pub place: Place,
}

/// Some of a rollout's responses, learnt from in one optimizer step.
pub(crate) struct Minibatch {
    /// The responses, with all their numbers.
    pub rollouts: Rollouts,
    /// The index of each response in the rollout.
    pub indices: Vec<usize>,
    /// True on the tokens of responses.
    pub loss_mask: Vec<bool>,
    pub place: Place,
}

impl Minibatch {
    fn new(rollouts: &Rollouts, indices: Vec<usize>, place: Place) -> Result<Self, rlhf_core::Error> {
        let rollouts = rollouts.gather(&indices)?;
        let loss_mask = rollouts.loss_mask();
        Ok(Self { rollouts, indices, loss_mask, place })
    }

    /// The number of response tokens.
    pub fn tokens(&self) -> usize {
        self.loss_mask.iter().filter(|counts| **counts).count()
    }

    /// The responses in parts of at most `tokens` tokens, for the log-probabilities of the policy.
    pub fn parts(&self, tokens: usize) -> Vec<Part<'_>> {
        self.parts_with(&self.loss_mask, tokens)
    }

    /// The responses in parts with another loss mask.
    pub fn parts_with<'m>(&'m self, loss_mask: &'m [bool], tokens: usize) -> Vec<Part<'m>> {
        let sequences = self.rollouts.sequences();
        let part = |texts| Part::new(sequences.tokens(), sequences.ends(), loss_mask, texts);
        parts(sequences.ends(), tokens).into_iter().map(part).collect()
    }

    /// All responses, for an error.
    pub fn offenders(&self) -> Vec<Offender> {
        Offender::responses(&self.rollouts, &self.indices)
    }
}
