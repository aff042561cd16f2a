//! A network of a type of its own, without a capability, and an error of its own.

use super::{Device, EngineError, Model};
use core::error::Error as _;
use rlhf_core::capabilities::{Candidates, Parameters, Rows};
use rlhf_core::model::Architecture;
use rlhf_core::network::{BoxedNetwork, Engine, Network, OptimizerState};
use rlhf_core::optim::Update;
use rlhf_core::random::Key;
use rlhf_core::roles::{Averaged, Critic, Learner, Policy, Reference, Reward};
use rlhf_core::sampling::{Responses, SamplingParams, StopCriteria};
use rlhf_core::{Batch, Error, Objective, Ragged, ready};
use std::borrow::Cow;

/// A network that plays the roles and no more, and scores nothing.
#[derive(Clone)]
struct Bare(rlhf_cpu::Model);

#[derive(Debug, thiserror::Error)]
#[error("no taste")]
struct NoTaste;

impl From<Error> for NoTaste {
    fn from(_: Error) -> Self {
        Self
    }
}

impl From<NoTaste> for EngineError {
    fn from(error: NoTaste) -> Self {
        Self::other(error)
    }
}

impl Reference for Bare {
    type Error = EngineError;
    async fn log_probs(&mut self, batch: Batch<'_>, out: &mut [f32]) -> Result<(), EngineError> {
        self.0.log_probs(batch, out).await
    }
}

impl Policy for Bare {
    async fn sample(
        &mut self,
        prompts: Ragged<'_>,
        sampling: &SamplingParams,
        stopping: &StopCriteria<'_>,
        key: Key,
        first: u32,
    ) -> Result<Responses, EngineError> {
        self.0.sample(prompts, sampling, stopping, key, first).await
    }
}

impl Reward for Bare {
    type Error = NoTaste;
    async fn score(&mut self, _: Ragged<'_>, _: &mut [f32]) -> Result<(), NoTaste> {
        Err(NoTaste)
    }
}

impl Critic for Bare {
    type Error = EngineError;
    async fn values(&mut self, sequences: Ragged<'_>, out: &mut [f32]) -> Result<(), EngineError> {
        self.0.values(sequences, out).await
    }
}

impl Learner for Bare {
    type Error = EngineError;
    async fn accumulate<O: Objective>(&mut self, batch: Batch<'_>, o: &mut O) -> Result<f64, EngineError> {
        self.0.accumulate(batch, o).await
    }
    async fn zero_grad(&mut self) -> Result<(), EngineError> {
        self.0.zero_grad().await
    }
    async fn step(&mut self, update: &Update) -> Result<f64, EngineError> {
        self.0.step(update).await
    }
}

impl Averaged for Bare {
    async fn average(&mut self, decay: f64) -> Result<(), EngineError> {
        self.0.average(decay).await
    }
    async fn swap_average(&mut self) -> Result<(), EngineError> {
        self.0.swap_average().await
    }
}

impl Network for Bare {
    fn architecture(&self) -> &Architecture {
        self.0.architecture()
    }
    async fn weights(&self) -> Result<Cow<'_, [f32]>, EngineError> {
        Network::weights(&self.0).await
    }
    async fn optimizer_state(&self) -> Result<Option<OptimizerState<'_>>, EngineError> {
        Network::optimizer_state(&self.0).await
    }
    fn set_optimizer_state(&mut self, state: OptimizerState<'_>) -> Result<(), EngineError> {
        self.0.set_optimizer_state(state)
    }
    fn seed_dropout(&mut self, seed: u64) {
        self.0.seed_dropout(seed);
    }
}

struct Shed;

impl Engine for Shed {
    fn network(&self, a: Architecture, weights: Vec<f32>) -> Result<BoxedNetwork, EngineError> {
        Ok(Box::new(Bare(rlhf_cpu::Model::from_weights(&rlhf_cpu::Cpu::default(), a, weights)?)))
    }
    fn name(&self) -> String {
        "shed".into()
    }
}

fn bare() -> Model {
    Model::random(&Device::new(Shed), Architecture::gpt2(9, 8, 8, 1, 2), 1).unwrap()
}

#[test]
fn a_networks_own_error_comes_through_as_a_source() {
    let text = Ragged::new(&[3, 1, 4], &[3]).unwrap();
    let error = ready(bare().score(text, &mut [0.0])).unwrap().unwrap_err();
    assert_eq!(error.to_string(), "no taste");
    assert!(error.source().is_some_and(|source| source.is::<NoTaste>()));
    // The network's own of a shared type stays what it is.
    let beyond = Ragged::new(&[3, 9, 4], &[3]).unwrap();
    let error = ready(bare().values(beyond, &mut [0.0; 3])).unwrap().unwrap_err();
    assert!(matches!(error, EngineError::Token { position: 1, token: 9, vocabulary: 9 }), "{error}");
}

#[test]
fn a_network_without_a_capability_refuses_by_name() {
    let mut model = bare();
    let text = Ragged::new(&[3, 1, 4], &[3]).unwrap();
    let batch = Batch::new(text, &[false, true, true]).unwrap();
    let rows = ready(model.rows(batch, &mut |_, _| panic!("a row"))).unwrap().unwrap_err();
    let top = ready(model.top(batch, 1, &mut [0; 2], &mut [0.0; 2])).unwrap().unwrap_err();
    let read = ready(model.read(&mut [])).unwrap().unwrap_err();
    for (error, name) in [(rows, "rows"), (top, "candidates"), (read, "parameters")] {
        assert!(matches!(error, EngineError::Unsupported { .. }), "{error}");
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[test]
fn a_network_of_another_type_is_itself() {
    let mut model = bare();
    assert!(model.downcast_ref::<Bare>().is_some() && model.downcast_ref::<rlhf_cpu::Model>().is_none());
    assert_eq!((model.device().to_string(), model.device().cpu().is_none()), ("shed".into(), true));
    // A clone learns for itself.
    let text = Ragged::new(&[3, 1, 4], &[3]).unwrap();
    let batch = Batch::new(text, &[false, true, true]).unwrap();
    let before = model.clone();
    let mut objective = rlhf_core::loss::CrossEntropy::new(2.0).unwrap();
    ready(model.accumulate(batch, &mut objective)).unwrap().unwrap();
    let update = Update { learning_rate: 0.1, adam: rlhf_core::optim::Adam::default(), max_grad_norm: None };
    ready(model.step(&update)).unwrap().unwrap();
    assert_ne!(model.weights(), before.weights());
    assert_eq!((model.optimizer_steps(), before.optimizer_steps()), (Some(1), None));
    assert_eq!(model.clone().optimizer_steps(), None);
}
