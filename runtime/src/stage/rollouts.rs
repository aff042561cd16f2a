//! Step 3's loop: whatever learns from rollouts, one after the other.

use super::dropout::with_dropout;
use super::figures::Writer;
use super::seen::Seen;
use super::{Session, StageError, at};
use crate::engine::{Model, Scorer};
use crate::record::{Line, Phase};
use core::iter;
use rlhf_core::Ragged;
use rlhf_core::random::{Key, Stream};
use rlhf_core::sampling::Stopping;
use rlhf_models::FormatError;
use rlhf_train::profile::Optimiser;
use rlhf_train::{Examples, Guards, History, Passes, TrainError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::time::Instant;

/// What step 3 is run on.
#[derive(Clone, Copy)]
pub struct Prompts<'a> {
    /// The prompts, which are gone through in a keyed order, again and again.
    pub prompts: &'a [Vec<u32>],
    /// When a response ends.
    pub stopping: Stopping<'a>,
    /// What the pretraining mix is drawn from.
    pub mix: &'a Examples,
    /// Rollouts.
    pub iterations: u32,
    /// What stops the run, and what it warns of.
    pub guards: Guards,
}

/// Further figures after an iteration, by their names.
pub type Measure<'a> = dyn FnMut(u32, Models<'_>) -> Result<Vec<(&'static str, f64)>, TrainError> + 'a;

/// Who takes part in every iteration.
pub struct Models<'a> {
    /// Writes and learns.
    pub policy: &'a mut Model,
    /// What the policy may not stray from: the supervised model.
    pub reference: &'a mut Model,
    /// What the policy is to please.
    pub reward: &'a mut Scorer,
}

/// A trainer that learns from rollouts.
pub(super) trait Trainer {
    /// What it has to remember beside its networks.
    type State: Serialize + DeserializeOwned;

    /// What it has to remember, and how many iterations are done.
    fn state(&self) -> (Self::State, u32);

    /// Goes on from there.
    fn go_on(&mut self, state: Self::State);

    /// Networks of its own that learn or lag, by name.
    fn beside(&mut self) -> Vec<(&'static str, &mut Model)> {
        Vec::new()
    }

    /// One rollout, and what is learnt from it.
    fn iterate(
        &mut self,
        actors: Models<'_>,
        prompts: Ragged<'_>,
        on: &Prompts<'_>,
    ) -> Result<Seen, TrainError>;

    /// Makes of the policy what is kept in the end.
    fn finish(&self, _policy: &mut Model) -> Result<(), TrainError> {
        Ok(())
    }
}

/// What the loop itself is told.
pub(super) struct Loop {
    /// Prompts an iteration.
    pub prompts: usize,
    /// Dropout in training.
    pub dropout: f64,
    /// What logits are divided by, in sampling and in training.
    pub temperature: f64,
    /// The policy's optimizer, and its steps an iteration; none where there is no learning rate.
    pub optimizer: Option<(Optimiser, u64)>,
    pub seed: u64,
}

impl Loop {
    /// The learning rate of the last step of an iteration, counted from 1, of so many.
    fn learning_rate(&self, iteration: u64, iterations: u64) -> Option<f64> {
        let (optimizer, each) = self.optimizer?;
        let schedule = optimizer.schedule(iterations.saturating_mul(each), each);
        Some(schedule.rate((iteration * each).saturating_sub(1)))
    }
}

/// Trains a policy from `sft` by a trainer that `start` makes, and keeps it as `policy`. `measure` is asked
/// after every iteration for further figures.
pub(super) fn learn<T: Trainer>(
    session: &mut Session<'_>,
    (sft, reward): (&Model, &mut Scorer),
    on: Prompts<'_>,
    told: Loop,
    measure: &mut Measure<'_>,
    start: impl FnOnce(&Model, &Scorer) -> Result<T, TrainError>,
) -> Result<Model, StageError> {
    let (phase, last) = (Phase::Ppo, u64::from(on.iterations));
    if let Some(model) = session.finished_after("policy", sft, last)? {
        return Ok(model);
    }
    let mut policy = with_dropout(sft, told.dropout, told.seed).map_err(at(phase, 0))?;
    let mut trainer = start(&policy, reward).map_err(at(phase, 0))?;
    rollouts(session, &mut trainer, (&mut policy, &mut sft.clone(), reward), on, &told, measure)?;
    trainer.finish(&mut policy).map_err(at(phase, last))?;
    let policy = with_dropout(&policy.clone(), 0.0, told.seed).map_err(at(phase, last))?;
    session.finish("policy", phase, policy)
}

/// What a checkpoint keeps beside the networks.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State<S> {
    run: S,
    history: History,
}

/// All iterations of a trainer.
fn rollouts<T: Trainer>(
    session: &mut Session<'_>,
    trainer: &mut T,
    (policy, reference, reward): (&mut Model, &mut Model, &mut Scorer),
    on: Prompts<'_>,
    told: &Loop,
    measure: &mut Measure<'_>,
) -> Result<(), StageError> {
    let phase = Phase::Ppo;
    let mut order = Passes::new(Key::new(told.seed, Stream::Shuffle, 1 << 28), on.prompts.len());
    let mut history = History::default();
    if let Some(kept) = session.begin(phase)? {
        let state: State<T::State> = serde_json::from_value(kept.stage().clone())
            .map_err(|e| FormatError::content(kept.folder(), "field \"state\"", e.to_string()))?;
        *policy = kept.network("policy", policy, told.seed)?;
        kept.networks(trainer.beside(), told.seed)?;
        trainer.go_on(state.run);
        history = state.history;
        (0..trainer.state().1).for_each(|_| drop(order.take(told.prompts)));
    }
    for iteration in trainer.state().1 + 1..=on.iterations {
        let clock = Instant::now();
        let step = u64::from(iteration);
        let (tokens, ends) = end_to_end(order.take(told.prompts).into_iter().map(|i| &on.prompts[i]));
        let prompts = Ragged::new(&tokens, &ends).map_err(|e| at(phase, step)(e.into()))?;
        let writer = Writer::of(policy, told.temperature);
        let actors = Models { policy: &mut *policy, reference: &mut *reference, reward: &mut *reward };
        let seen = trainer.iterate(actors, prompts, &on);
        let seen = seen.map_err(|e| session.failed(phase, step, e, prompts_of(prompts)))?;
        let mut figures = seen.figures;
        if let Some(iteration) = &seen.iteration {
            let all = writer.figures(iteration, reference, reward);
            let all = all.map_err(|e| session.failed(phase, step, e, prompts_of(prompts)))?;
            figures.splice(0..0, all);
            session.warn(phase, step, &on.guards.look(iteration, &history));
            history.push(iteration);
        }
        let models = Models { policy: &mut *policy, reference: &mut *reference, reward: &mut *reward };
        let more = measure(iteration, models);
        let more = more.map_err(|e| session.failed(phase, step, e, prompts_of(prompts)))?;
        let measured = |name| more.iter().find(|(of, _)| *of == name).map(|(_, value)| *value);
        if let (Some(reward), Some(gold)) = (measured("test_reward"), measured("test_gold")) {
            history.measure(reward, gold);
            session.warn(phase, step, on.guards.compare(&history).as_slice());
        }
        let rate = told.learning_rate(step, on.iterations.into()).map(|rate| ("learning_rate", rate));
        let figures = figures.into_iter().chain(rate).chain(more).filter(|(_, value)| value.is_finite());
        let line = Line {
            phase,
            step,
            total: u64::from(on.iterations),
            figures: figures.map(|(name, value)| (name.to_string(), value)).collect(),
            seconds: clock.elapsed().as_secs_f64(),
        };
        let state = State { run: trainer.state().0, history: history.clone() };
        let state = serde_json::to_value(state).map_err(|e| {
            FormatError::content(session.root().unwrap_or("".as_ref()), "checkpoint's state", e.to_string())
        })?;
        let beside = trainer.beside();
        let own = iter::once(("policy", &*policy)).chain(beside.into_iter().map(|(name, m)| (name, &*m)));
        let own: Vec<_> = own.collect();
        session.after(line, &seen.told, &own, &state)?;
        if iteration == on.iterations {
            session.keep_last(phase, step, &own, &state)?;
        }
    }
    Ok(())
}

/// Each of the prompts.
fn prompts_of(prompts: Ragged<'_>) -> impl Iterator<Item = &[u32]> {
    (0..prompts.len()).map(move |i| &prompts.tokens()[prompts.span(i)])
}

/// Prompts' tokens, and where each ends.
pub(crate) fn end_to_end<'a>(prompts: impl Iterator<Item = &'a Vec<u32>>) -> (Vec<u32>, Vec<usize>) {
    let (mut tokens, mut ends) = (Vec::new(), Vec::new());
    for prompt in prompts {
        tokens.extend_from_slice(prompt);
        ends.push(tokens.len());
    }
    (tokens, ends)
}
