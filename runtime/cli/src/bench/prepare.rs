//! Preparation of work that is done again and again.

use super::clock::WorkFn;
use super::ppo::{self, PROMPT, STOPPING};
use super::text::Text;
use super::times::Phases;
use super::value_head;
use super::work::{ROWS, Work};
use super::{kernel, loops};
use rlhf::engine::{Device, EngineError, Model};
use rlhf::models::{huggingface, open};
use rlhf::train::{TrainError, now};
use rlhf_core::loss::{CrossEntropy, Pairwise};
use rlhf_core::model::Architecture;
use rlhf_core::optim::{Adam, Update};
use rlhf_core::random::{Key, Stream};
use rlhf_core::roles::{Learner, Policy, Reference};
use rlhf_core::sampling::SamplingParams;
use rlhf_core::{Batch, Error, Objective};

impl Work {
    /// A closure that does the work once, on a network of its own of that shape with random weights: for other
    /// timers than [`Bench`](super::Bench).
    ///
    /// # Errors
    /// The device's own, a context or a memory that is too small for the work among them; the closure's are the same.
    pub fn prepare(
        self,
        device: &Device,
        a: &Architecture,
    ) -> Result<impl FnMut() -> Result<(), TrainError> + 'static, TrainError> {
        let mut once = prepare(self, device, a)?;
        Ok(move || once().map(|_| ()))
    }
}

/// A closure that does `work` once, on a network of its own.
pub(super) fn prepare(
    work: Work,
    device: &Device,
    a: &Architecture,
) -> Result<Box<WorkFn<'static>>, TrainError> {
    let network = || Model::random(device, a.clone(), 0).map_err(TrainError::role("network"));
    let text = Text::new(a.vocabulary, &work.lengths(a));
    let update = Update { learning_rate: 1e-5, adam: Adam::default(), max_grad_norm: None };
    match work {
        Work::Load => load(network()?),
        Work::Forward => Ok(forward(network()?, text)),
        Work::Train { .. } | Work::TrainAlone | Work::Ragged => {
            let tokens = text.loss_tokens();
            Ok(learning(network()?, text, update, move || CrossEntropy::new(tokens)))
        }
        Work::Reward => {
            let headed = network()?.with_scalar_head(0.02, 0).map_err(TrainError::role("reward"))?;
            let clipped = Update { max_grad_norm: Some(1.0), ..update };
            Ok(learning(headed, text, clipped, || Pairwise::new(ROWS as f64)))
        }
        Work::Sample { prompts, drawn } => Ok(sampling(network()?, prompts, drawn)),
        Work::Ppo => ppo::prepare(network()?),
        Work::PpoValueHead => value_head::prepare(network()?),
        Work::Advantages => loops::advantages(),
        Work::Losses => loops::losses(),
        Work::Product(kind) => kernel::prepare(kind, kernel::ROWS, a),
        Work::Row(kind) => kernel::prepare(kind, 1, a),
    }
}

fn forward(mut network: Model, text: Text) -> Box<WorkFn<'static>> {
    let mut out = vec![0.0; text.tokens.len()];
    Box::new(move || {
        let batch = text.batch()?;
        done(async { network.log_probs(batch, &mut out).await })
    })
}

/// A gradient and a step.
fn learning<O: Objective>(
    mut network: Model,
    text: Text,
    update: Update,
    objective: impl Fn() -> Result<O, Error> + 'static,
) -> Box<WorkFn<'static>> {
    Box::new(move || {
        let (batch, mut objective): (Batch<'_>, _) = (text.batch()?, objective()?);
        done(async {
            network.accumulate(batch, &mut objective).await?;
            network.step(&update).await
        })
    })
}

fn sampling(mut network: Model, prompts: usize, drawn: bool) -> Box<WorkFn<'static>> {
    let text = Text::new(network.architecture().vocabulary, &vec![PROMPT; prompts]);
    let sampling = if drawn { SamplingParams::at_temperature(1.0) } else { SamplingParams::Greedy };
    let mut step = 0u32;
    Box::new(move || {
        step = step.wrapping_add(1);
        let (prompts, key) = (text.sequences()?, Key::new(2, Stream::Sampling, step));
        done(async { network.sample(prompts, &sampling, &STOPPING, key, 0).await })
    })
}

fn load(network: Model) -> Result<Box<WorkFn<'static>>, TrainError> {
    let folder = tempfile::tempdir().map_err(TrainError::role("file"))?;
    let weights = network.weights().map_err(TrainError::role("network"))?;
    huggingface::save(folder.path(), network.architecture(), &weights, &[])
        .map_err(TrainError::role("file"))?;
    let device = network.device();
    Ok(Box::new(move || {
        let opened = open(folder.path()).map_err(TrainError::role("file"))?;
        let (weights, _) = opened.weights(&opened.architecture).map_err(TrainError::role("file"))?;
        done(async { Model::from_weights(&device, opened.architecture, weights) })
    }))
}

/// Awaits the work of a network, which has no phases.
fn done<T>(future: impl Future<Output = Result<T, EngineError>>) -> Result<Phases, TrainError> {
    now(async { future.await.map_err(TrainError::role("network")) })?;
    Ok(Phases::new())
}
