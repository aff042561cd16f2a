//! Step 3.

use super::supervised::with_dropout;
use super::{Session, StageError, at};
use crate::formats::FormatError;
use crate::record::{Line, Phase};
use crate::train::{
    Examples, Guards, History, Iteration, Passes, Ppo, PpoState, Roles, Scaled, TrainError, now,
};
use rlhf_core::Ragged;
use rlhf_core::profile::{self, CriticInit};
use rlhf_core::random::{Key, Stream};
use rlhf_core::roles::Averaged;
use rlhf_core::sampling::Stopping;
use rlhf_cpu::Model;
use serde::{Deserialize, Serialize};
use std::time::Instant;

/// What PPO is run on.
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

/// What a checkpoint keeps beside the networks.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    run: PpoState,
    history: History,
}

/// Further figures after an iteration, by their names, of the policy and the reward model.
pub type Measure<'a> =
    dyn FnMut(u32, &mut Model, &mut Scaled<Model>) -> Result<Vec<(&'static str, f64)>, TrainError> + 'a;

/// Trains a policy from `sft` against `reward` and keeps it as `policy`: the moving average of the
/// weights, where the settings keep one. `measure` is asked after every iteration for further figures;
/// it gets the policy with its average beside it.
///
/// # Errors
/// [`StageError`].
pub fn ppo(
    session: &mut Session<'_>,
    sft: &Model,
    reward: &mut Scaled<Model>,
    on: Prompts<'_>,
    settings: &profile::Ppo,
    seed: u64,
    measure: &mut Measure<'_>,
) -> Result<Model, StageError> {
    let phase = Phase::Ppo;
    let start = with_dropout(sft, settings.dropout, seed).map_err(at(phase, 0))?;
    if let Some(model) = session.finished("policy", sft)? {
        return Ok(model);
    }
    let critic = match settings.critic_init {
        CriticInit::RewardModel => reward.reward.clone(),
        CriticInit::Policy(head) => sft
            .with_scalar_head(head.deviation(sft.architecture().width) as f32, seed)
            .map_err(|e| at(phase, 0)(TrainError::role("critic")(e)))?,
    };
    let mut critic = with_dropout(&critic, settings.dropout, seed).map_err(at(phase, 0))?;
    let (mut policy, mut reference) = (start, sft.clone());
    let run = Ppo::new(*settings, u64::from(on.iterations), seed);
    let mut run = run.and_then(|run| run.with_guards(on.guards)).map_err(at(phase, 0))?;
    let mut order = Passes::new(Key::new(seed, Stream::Shuffle, 1 << 28), on.prompts.len());
    let batch = settings.batch.unwrap_or(256) as usize;
    let mut history = History::default();
    if let Some(kept) = session.begin(phase)? {
        policy = kept.network("policy", &policy, seed)?;
        critic = kept.network("critic", &critic, seed)?;
        let state: State = serde_json::from_value(kept.stage().clone())
            .map_err(|e| FormatError::content(kept.folder(), "field \"state\"", e.to_string()))?;
        run = run.after(state.run);
        history = state.history;
        (0..state.run.iteration).for_each(|_| drop(order.take(batch)));
    }
    for iteration in run.state().iteration + 1..=on.iterations {
        let clock = Instant::now();
        let (tokens, ends) = end_to_end(order.take(batch).into_iter().map(|i| &on.prompts[i]));
        let mut roles = Roles { policy: &mut policy, critic: &mut critic, reference: &mut reference, reward };
        let step = u64::from(iteration);
        let seen =
            now(async { run.iterate(&mut roles, Ragged::new(&tokens, &ends)?, &on.stopping, on.mix).await })
                .map_err(|e| session.failed(phase, step, e))?;
        session.warn(phase, step, &on.guards.look(&seen, &history));
        history.push(&seen);
        let more = measure(iteration, &mut policy, reward).map_err(at(phase, step))?;
        let measured = |name| more.iter().find(|(of, _)| *of == name).map(|(_, value)| *value);
        if let (Some(reward), Some(gold)) = (measured("test_reward"), measured("test_gold")) {
            history.measure(reward, gold);
            session.warn(phase, step, on.guards.compare(&history).as_slice());
        }
        let figures = figures(&seen).into_iter().chain(more).filter(|(_, value)| value.is_finite());
        let line = Line {
            phase,
            step,
            total: u64::from(on.iterations),
            figures: figures.map(|(name, value)| (name.to_string(), value)).collect(),
            seconds: clock.elapsed().as_secs_f64(),
        };
        let told = format!("reward {:+.2}, KL {:.1} nats", seen.score, seen.kl);
        let state = State { run: run.state(), history: history.clone() };
        let state = serde_json::to_value(state).map_err(|e| {
            FormatError::content(session.root().unwrap_or("".as_ref()), "checkpoint's state", e.to_string())
        })?;
        session.after(line, &told, &[("policy", &policy), ("critic", &critic)], &state)?;
    }
    if settings.average.is_some() {
        now(async { policy.swap_average().await.map_err(TrainError::role("policy")) })
            .map_err(at(phase, u64::from(on.iterations)))?;
    }
    let policy = with_dropout(&policy.clone(), 0.0, seed).map_err(at(phase, u64::from(on.iterations)))?;
    session.finish("policy", phase, policy, None)
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

/// What an iteration measured, by the names of [`FIGURES`](crate::record::FIGURES).
fn figures(seen: &Iteration) -> Vec<(&'static str, f64)> {
    let (policy, value) = (&seen.policy, &seen.value);
    let mut out = vec![
        ("reward", seen.score),
        ("kl", seen.kl),
        ("beta", seen.beta),
        ("length", seen.length),
        ("ended", seen.ended),
        ("entropy", seen.surprise),
        ("clip_fraction", policy.clip_fraction()),
        ("ratio_min", policy.ratio_min),
        ("ratio_max", policy.ratio_max),
        ("policy_kl", policy.policy_kl()),
        ("value_loss", 0.5 * value.mean_squared_error()),
        ("value_clip_fraction", value.clip_fraction()),
        ("pretraining_loss", seen.pretraining),
    ];
    out.extend(value.explained_variance().map(|share| ("explained_variance", share)));
    out
}
