//! Step 3's loop: whatever learns from rollouts, one after the other.

use super::checkpoint::Checkpoint;
use super::{Scorer, Session, StageError, at};
use crate::formats::FormatError;
use crate::record::{Line, Phase};
use crate::train::{Examples, Guards, History, Iteration, Passes, TrainError};
use rlhf_core::Ragged;
use rlhf_core::random::{Key, Stream};
use rlhf_core::sampling::Stopping;
use rlhf_cpu::Model;
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

/// Further figures after an iteration, by their names, of the policy and the reward model.
pub type Measure<'a> =
    dyn FnMut(u32, &mut Model, &mut Scorer) -> Result<Vec<(&'static str, f64)>, TrainError> + 'a;

/// What an iteration showed.
pub(super) struct Seen {
    /// Its figures, by the names of [`FIGURES`](crate::record::FIGURES).
    pub figures: Vec<(&'static str, f64)>,
    /// What to say of it.
    pub told: String,
    /// What warnings go by, where there is a reward to go by.
    pub iteration: Option<Iteration>,
}

/// A trainer that learns from rollouts, with the networks that learn.
pub(super) trait Rollout {
    /// What it has to remember beside its networks.
    type State: Serialize + DeserializeOwned;

    /// The networks that learn, by their names; the policy is the first.
    fn networks(&self) -> Vec<(&'static str, &Model)>;

    /// The policy.
    fn policy(&mut self) -> &mut Model;

    /// Prompts an iteration.
    fn prompts(&self) -> usize;

    /// What it has to remember, and how many iterations are done.
    fn state(&self) -> (Self::State, u32);

    /// Goes on from a checkpoint.
    fn go_on(&mut self, kept: &Checkpoint, state: Self::State, seed: u64) -> Result<(), StageError>;

    /// One rollout, and what is learnt from it.
    fn iterate(
        &mut self,
        reward: &mut Scorer,
        prompts: Ragged<'_>,
        on: &Prompts<'_>,
    ) -> Result<Seen, TrainError>;
}

/// What a checkpoint keeps beside the networks.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State<S> {
    run: S,
    history: History,
}

/// All iterations of a trainer.
pub(super) fn rollouts<R: Rollout>(
    session: &mut Session<'_>,
    run: &mut R,
    reward: &mut Scorer,
    on: Prompts<'_>,
    seed: u64,
    measure: &mut Measure<'_>,
) -> Result<(), StageError> {
    let phase = Phase::Ppo;
    let mut order = Passes::new(Key::new(seed, Stream::Shuffle, 1 << 28), on.prompts.len());
    let mut history = History::default();
    if let Some(kept) = session.begin(phase)? {
        let state: State<R::State> = serde_json::from_value(kept.stage().clone())
            .map_err(|e| FormatError::content(kept.folder(), "field \"state\"", e.to_string()))?;
        run.go_on(&kept, state.run, seed)?;
        history = state.history;
        (0..run.state().1).for_each(|_| drop(order.take(run.prompts())));
    }
    for iteration in run.state().1 + 1..=on.iterations {
        let clock = Instant::now();
        let step = u64::from(iteration);
        let (tokens, ends) = end_to_end(order.take(run.prompts()).into_iter().map(|i| &on.prompts[i]));
        let prompts = Ragged::new(&tokens, &ends).map_err(|e| at(phase, step)(e.into()))?;
        let seen = run.iterate(reward, prompts, &on).map_err(|e| session.failed(phase, step, e))?;
        if let Some(iteration) = &seen.iteration {
            session.warn(phase, step, &on.guards.look(iteration, &history));
            history.push(iteration);
        }
        let more = measure(iteration, run.policy(), reward).map_err(at(phase, step))?;
        let measured = |name| more.iter().find(|(of, _)| *of == name).map(|(_, value)| *value);
        if let (Some(reward), Some(gold)) = (measured("test_reward"), measured("test_gold")) {
            history.measure(reward, gold);
            session.warn(phase, step, on.guards.compare(&history).as_slice());
        }
        let figures = seen.figures.into_iter().chain(more).filter(|(_, value)| value.is_finite());
        let line = Line {
            phase,
            step,
            total: u64::from(on.iterations),
            figures: figures.map(|(name, value)| (name.to_string(), value)).collect(),
            seconds: clock.elapsed().as_secs_f64(),
        };
        let state = State { run: run.state().0, history: history.clone() };
        let state = serde_json::to_value(state).map_err(|e| {
            FormatError::content(session.root().unwrap_or("".as_ref()), "checkpoint's state", e.to_string())
        })?;
        session.after(line, &seen.told, &run.networks(), &state)?;
    }
    Ok(())
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
