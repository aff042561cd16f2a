//! Boxed networks of any type.

use super::future::boxed;
use super::{BoxedFuture, DynCandidates, DynParameters, DynRows, EngineError, Network, OptimizerState};
use crate::model::Architecture;
use crate::optim::Update;
use crate::random::Key;
use crate::roles::{Averaged, Critic, Learner, Policy, Reference, Reward};
use crate::sampling::{Responses, SamplingParams, StopCriteria};
use crate::{Batch, Objective, Ragged};
use alloc::borrow::Cow;
use alloc::boxed::Box;
use core::any::Any;

/// The dyn-compatible form of [`Network`] and its roles, implemented for every [`Network`].
pub trait DynNetwork: Any + Send + Sync {
    /// Clones the network into a new box.
    fn boxed_clone(&self) -> BoxedNetwork;
    /// Boxed form of [`Network::architecture`].
    fn architecture(&self) -> &Architecture;
    /// Boxed form of [`Network::weights`].
    fn weights(&self) -> BoxedFuture<'_, Cow<'_, [f32]>>;
    /// Boxed form of [`Network::optimizer_state`].
    fn optimizer_state(&self) -> BoxedFuture<'_, Option<OptimizerState<'_>>>;
    /// Boxed form of [`Network::set_optimizer_state`].
    ///
    /// # Errors
    /// Those of [`Network::set_optimizer_state`].
    fn set_optimizer_state(&mut self, state: OptimizerState<'_>) -> Result<(), EngineError>;
    /// Boxed form of [`Network::optimizer_steps`].
    fn optimizer_steps(&self) -> Option<u32>;
    /// Boxed form of [`Network::seed_dropout`].
    fn seed_dropout(&mut self, seed: u64);
    /// Boxed form of [`Network::as_rows`].
    fn as_rows(&mut self) -> Option<&mut dyn DynRows>;
    /// Boxed form of [`Network::as_candidates`].
    fn as_candidates(&mut self) -> Option<&mut dyn DynCandidates>;
    /// Boxed form of [`Network::as_parameters`].
    fn as_parameters(&mut self) -> Option<&mut dyn DynParameters>;
    /// Boxed form of [`Reference::log_probs`].
    fn log_probs<'a>(&'a mut self, batch: Batch<'a>, out: &'a mut [f32]) -> BoxedFuture<'a, ()>;
    /// Boxed form of [`Policy::sample`].
    fn sample<'a>(
        &'a mut self,
        prompts: Ragged<'a>,
        sampling: &'a SamplingParams,
        stopping: &'a StopCriteria<'a>,
        key: Key,
        first: u32,
    ) -> BoxedFuture<'a, Responses>;
    /// Boxed form of [`Reward::score`].
    fn score<'a>(&'a mut self, sequences: Ragged<'a>, out: &'a mut [f32]) -> BoxedFuture<'a, ()>;
    /// Boxed form of [`Critic::values`].
    fn values<'a>(&'a mut self, sequences: Ragged<'a>, out: &'a mut [f32]) -> BoxedFuture<'a, ()>;
    /// Boxed form of [`Learner::accumulate`].
    fn accumulate<'a>(
        &'a mut self,
        batch: Batch<'a>,
        objective: &'a mut dyn Objective,
    ) -> BoxedFuture<'a, f64>;
    /// Boxed form of [`Learner::zero_grad`].
    fn zero_grad(&mut self) -> BoxedFuture<'_, ()>;
    /// Boxed form of [`Learner::step`].
    fn step<'a>(&'a mut self, update: &'a Update) -> BoxedFuture<'a, f64>;
    /// Boxed form of [`Averaged::average`].
    fn average(&mut self, decay: f64) -> BoxedFuture<'_, ()>;
    /// Boxed form of [`Averaged::swap_average`].
    fn swap_average(&mut self) -> BoxedFuture<'_, ()>;
}

/// A boxed network of any type.
pub type BoxedNetwork = Box<dyn DynNetwork>;

impl<N: Network> DynNetwork for N {
    fn boxed_clone(&self) -> BoxedNetwork {
        Box::new(self.clone())
    }

    fn architecture(&self) -> &Architecture {
        Network::architecture(self)
    }

    fn weights(&self) -> BoxedFuture<'_, Cow<'_, [f32]>> {
        boxed(Network::weights(self))
    }

    fn optimizer_state(&self) -> BoxedFuture<'_, Option<OptimizerState<'_>>> {
        boxed(Network::optimizer_state(self))
    }

    fn set_optimizer_state(&mut self, state: OptimizerState<'_>) -> Result<(), EngineError> {
        Network::set_optimizer_state(self, state)
    }

    fn optimizer_steps(&self) -> Option<u32> {
        Network::optimizer_steps(self)
    }

    fn seed_dropout(&mut self, seed: u64) {
        Network::seed_dropout(self, seed);
    }

    fn as_rows(&mut self) -> Option<&mut dyn DynRows> {
        Network::as_rows(self)
    }

    fn as_candidates(&mut self) -> Option<&mut dyn DynCandidates> {
        Network::as_candidates(self)
    }

    fn as_parameters(&mut self) -> Option<&mut dyn DynParameters> {
        Network::as_parameters(self)
    }

    fn log_probs<'a>(&'a mut self, batch: Batch<'a>, out: &'a mut [f32]) -> BoxedFuture<'a, ()> {
        boxed(Reference::log_probs(self, batch, out))
    }

    fn sample<'a>(
        &'a mut self,
        prompts: Ragged<'a>,
        sampling: &'a SamplingParams,
        stopping: &'a StopCriteria<'a>,
        key: Key,
        first: u32,
    ) -> BoxedFuture<'a, Responses> {
        boxed(Policy::sample(self, prompts, sampling, stopping, key, first))
    }

    fn score<'a>(&'a mut self, sequences: Ragged<'a>, out: &'a mut [f32]) -> BoxedFuture<'a, ()> {
        boxed(Reward::score(self, sequences, out))
    }

    fn values<'a>(&'a mut self, sequences: Ragged<'a>, out: &'a mut [f32]) -> BoxedFuture<'a, ()> {
        boxed(Critic::values(self, sequences, out))
    }

    fn accumulate<'a>(
        &'a mut self,
        batch: Batch<'a>,
        mut objective: &'a mut dyn Objective,
    ) -> BoxedFuture<'a, f64> {
        boxed(async move { Learner::accumulate(self, batch, &mut objective).await })
    }

    fn zero_grad(&mut self) -> BoxedFuture<'_, ()> {
        boxed(Learner::zero_grad(self))
    }

    fn step<'a>(&'a mut self, update: &'a Update) -> BoxedFuture<'a, f64> {
        boxed(Learner::step(self, update))
    }

    fn average(&mut self, decay: f64) -> BoxedFuture<'_, ()> {
        boxed(Averaged::average(self, decay))
    }

    fn swap_average(&mut self) -> BoxedFuture<'_, ()> {
        boxed(Averaged::swap_average(self))
    }
}
