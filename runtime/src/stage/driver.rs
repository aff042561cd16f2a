//! The one loop that drives every trainer: it reports progress, keeps checkpoints and goes on from them, warns,
//! measures and stops.

use super::figures::Writer;
use super::{Session, StageError, at};
use crate::engine::{Model, Scorer};
use crate::record::{Line, Phase};
use rlhf_models::FormatError;
use rlhf_train::{Guards, History, IterationReport, Models, Report, TrainError, Trainer, now};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::Path;
use std::time::Instant;

/// Figures by their names.
type Figures = Vec<(&'static str, f64)>;

/// Further figures after an iteration, of the networks as they would be kept.
pub type Measure<'a> =
    dyn FnMut(u64, &mut Models<'_, Model, Scorer>) -> Result<Vec<(&'static str, f64)>, TrainError> + 'a;

/// The part of a stage that its driver has to know.
pub(super) struct StagePlan<'a, 'm> {
    pub phase: Phase,
    /// The names in checkpoints of the networks that learn, in the order of [`Models::learning`].
    pub names: Vec<String>,
    /// The seed of dropout.
    pub seed: u64,
    /// The watch of rollouts, for a stage that learns from them.
    pub rollouts: Option<RolloutWatch<'a, 'm>>,
}

/// The limits and measurements of rollouts.
pub(super) struct RolloutWatch<'a, 'm> {
    /// The temperature at which the policy samples.
    pub temperature: f64,
    /// The limits of warnings.
    pub guards: Guards,
    /// Further measurements.
    pub measure: Option<&'a mut Measure<'m>>,
}

/// The part of a checkpoint beside the networks. Those of earlier versions have none where a stage passes over data.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State<S> {
    run: S,
    history: History,
}

impl<S: DeserializeOwned> State<S> {
    fn read(kept: &Value, folder: &Path) -> Result<Self, FormatError> {
        let read = match kept {
            Value::Null => {
                serde_json::from_value(Value::Null).map(|run| Self { run, history: History::default() })
            }
            kept => serde_json::from_value(kept.clone()),
        };
        read.map_err(|e| FormatError::content(folder, "field \"state\"", e.to_string()))
    }
}

/// Takes all steps that are left, from the last checkpoint on. Returns how many there were in all.
pub(super) fn drive<T: Trainer<Model, Scorer>>(
    session: &mut Session<'_>,
    plan: StagePlan<'_, '_>,
    trainer: &mut T,
    models: &mut Models<'_, Model, Scorer>,
) -> Result<u64, StageError> {
    let StagePlan { phase, names, seed, mut rollouts } = plan;
    let (mut done, mut history) = (0, History::default());
    if let Some(kept) = session.begin(phase)? {
        for (name, network) in names.iter().zip(models.learning_mut()) {
            *network = kept.network(name, network, seed)?;
        }
        let state: State<T::State> = State::read(kept.stage(), kept.folder())?;
        (done, history) = (kept.step, state.history);
        trainer.restore(done, state.run);
    }
    loop {
        let clock = Instant::now();
        let writer = rollouts.as_ref().map(|rollouts| Writer::of(&models.policy, rollouts.temperature));
        let report = now(trainer.iterate(models)).map_err(|e| session.failed(phase, done + 1, e, []))?;
        let Some(Report { step, total, figures, sentence, iteration }) = report else { break };
        done = step;
        let (mut before, mut after, mut warnings) = (Figures::new(), Figures::new(), Vec::new());
        if let (Some(rollouts), Some(writer)) = (&mut rollouts, writer) {
            let failed = |session: &mut Session<'_>, e| session.failed(phase, step, e, prompts(&iteration));
            if let Some(iteration) = &iteration {
                before = writer.figures(iteration, models).map_err(|e| failed(session, e))?;
                warnings = rollouts.guards.look(iteration, &history);
                history.push(iteration);
            }
            if let Some(measure) = &mut rollouts.measure {
                now(trainer.finish(models)).map_err(at(phase, step))?;
                after = measure(step, models).map_err(|e| failed(session, e))?;
                now(trainer.finish(models)).map_err(at(phase, step))?;
            }
            let measured = |name| after.iter().find(|(of, _)| *of == name).map(|(_, value)| *value);
            if let (Some(reward), Some(gold)) = (measured("test_reward"), measured("test_gold")) {
                history.measure(reward, gold);
                warnings.extend(rollouts.guards.compare(&history));
            }
        }
        let figures = before.into_iter().chain(figures).chain(after).filter(|(_, value)| value.is_finite());
        let figures = figures.map(|(name, value)| (name.to_string(), value)).collect();
        let warnings = session.warn(phase, step, &warnings);
        let line = Line { phase, step, total, figures, seconds: clock.elapsed().as_secs_f64(), warnings };
        let state = State { run: trainer.state(), history: history.clone() };
        let state = serde_json::to_value(state).map_err(|e| {
            FormatError::content(session.root().unwrap_or("".as_ref()), "checkpoint's state", e.to_string())
        })?;
        let networks: Vec<_> = names.iter().map(String::as_str).zip(models.learning()).collect();
        session.after(line, &sentence, &networks, &state)?;
        if rollouts.is_some() && step == total {
            session.keep_last(phase, step, &networks, &state)?;
        }
    }
    now(trainer.finish(models)).map_err(at(phase, done))?;
    Ok(done)
}

/// The prompts of an iteration.
fn prompts(iteration: &Option<IterationReport>) -> impl Iterator<Item = &[u32]> {
    iteration.iter().flat_map(|IterationReport { rollouts, .. }| {
        let tokens = rollouts.sequences().tokens();
        (0..rollouts.len()).map(move |i| &tokens[rollouts.span(i).start..rollouts.response_span(i).start])
    })
}
