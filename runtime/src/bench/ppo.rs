//! One iteration of PPO, and where its time goes.

use super::cost::{Cost, Pass, adamw, weights};
use super::text::Text;
use super::timed::{Phases, Timed};
use super::work::{NEW, Once, PROMPT};
use crate::engine::Model;
use crate::train::{Examples, Ppo, Roles, TrainError, now};
use rlhf_core::model::Architecture;
use rlhf_core::profile::Profile;
use rlhf_core::sampling::Stopping;
use std::time::Instant;

/// Prompts of an iteration.
pub(super) const PROMPTS: usize = 32;
const EPOCHS: u32 = 4;
const MINIBATCHES: u32 = 4;

/// Sampling, which keeps the policy's log-probabilities; reference, critic and reward model read once; both
/// learn `EPOCHS` times from everything.
pub(super) fn cost(a: &Architecture) -> Cost {
    let whole = || Pass { owed: (PROMPTS * NEW) as f64, ..Pass::whole(PROMPTS, PROMPT + NEW) };
    let sampling = Pass::sampling(PROMPTS, PROMPT, NEW).operations(a);
    let (owed, headless) = (whole().operations(a), whole().headless().operations(a));
    let learning = f64::from(EPOCHS) * 3.0 * (owed + headless);
    let steps = f64::from(EPOCHS * MINIBATCHES);
    Cost {
        operations: sampling + owed + 2.0 * headless + learning,
        bytes: (NEW as f64 + 3.0 + 4.0 * steps) * weights(a) + 2.0 * steps * adamw(a),
    }
}

/// A closure that does one iteration after the other.
pub(super) fn prepare(network: Model) -> Result<Box<Once<'static>>, TrainError> {
    let headed = |seed| network.with_scalar_head(0.02, seed).map_err(TrainError::role("reward"));
    let (mut reward, mut critic) = (headed(1)?, headed(2)?);
    let (mut reference, mut policy) = (network.clone(), network.clone());
    let vocabulary = network.architecture().vocabulary;
    let prompts = Text::new(vocabulary, PROMPTS, PROMPT);
    let mut settings = Profile::instructgpt().ppo;
    (settings.batch, settings.epochs, settings.minibatches) = (Some(PROMPTS as u32), EPOCHS, MINIBATCHES);
    (settings.pretraining, settings.average) = (None, None);
    let mut ppo = Ppo::new(settings, 1_000_000, 1)?;
    let stopping = Stopping { max_new_tokens: NEW, eos: None, stop: &[] };
    Ok(Box::new(move || {
        let phases = Phases::default();
        let start = Instant::now();
        let phased = &phases;
        let mut roles = Roles {
            policy: &mut Timed { network: &mut policy, reading: "policy", phases: phased },
            critic: &mut Timed { network: &mut critic, reading: "value", phases: phased },
            reference: &mut Timed { network: &mut reference, reading: "reference", phases: phased },
            reward: &mut Timed { network: &mut reward, reading: "reward", phases: phased },
        };
        now(ppo.iterate(&mut roles, prompts.sequences()?, &stopping, &Examples::default()))?;
        Ok(phases.take(start.elapsed().as_secs_f64()))
    }))
}
