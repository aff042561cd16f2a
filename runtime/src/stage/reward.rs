//! Step 2.

use super::passes::{Pass, Taken, passes};
use super::{Session, StageError, at};
use crate::formats::scale as scale_of;
use crate::record::Phase;
use crate::train::{self, Examples, Ranking, Scaled, TrainError, now};
use rlhf_core::maths::RewardScale;
use rlhf_core::profile::{RewardModel, RewardNormalisation};
use rlhf_cpu::Model;

/// Makes a reward model of `sft` from `rankings`, has `scale` put its scores into units of reward, and
/// keeps it as `reward`.
///
/// # Errors
/// [`StageError`].
pub fn reward_model(
    session: &mut Session<'_>,
    sft: &Model,
    rankings: &[Ranking],
    settings: &RewardModel,
    seed: u64,
    scale: &mut dyn FnMut(Model) -> Result<Scaled<Model>, TrainError>,
) -> Result<Scaled<Model>, StageError> {
    let (phase, name) = (Phase::Reward, "reward");
    let deviation = settings.head.deviation(sft.architecture().width) as f32;
    let mut model =
        sft.with_scalar_head(deviation, seed).map_err(|e| at(phase, 0)(TrainError::role("reward")(e)))?;
    if let Some(reward) = session.finished(name, &model)? {
        let scale = session.root().map_or(Ok(RewardScale::default()), |root| scale_of(&root.join(name)))?;
        return Ok(Scaled { reward, scale });
    }
    let steps = train::RewardModel::new(rankings, settings, seed).map_err(at(phase, 0))?;
    let done = passes(session, (phase, name), &mut model, steps, seed)?;
    let Scaled { reward, scale } = scale(model.clone()).map_err(at(phase, done))?;
    let reward = session.finish(name, phase, reward, Some(&scale))?;
    Ok(Scaled { reward, scale })
}

impl Pass for train::RewardModel<'_> {
    fn after(self, steps: u64) -> Self {
        self.after(steps)
    }

    fn step(&mut self, model: &mut Model) -> Result<Option<Taken>, TrainError> {
        Ok(now(train::RewardModel::step(self, model))?.map(|(step, seen)| {
            let accuracy = seen.accuracy();
            let told = format!("loss {:.3}, accuracy {:.2}", step.loss, accuracy.unwrap_or(0.0));
            Taken { step, more: accuracy.map(|accuracy| ("accuracy", accuracy)).into_iter().collect(), told }
        }))
    }
}

/// Demonstrations that centre a reward, at most.
const CENTRE: usize = 512;

/// Puts a reward model's scores into units of reward. `written(n)`: answers of the supervised model to
/// n training prompts, with them.
///
/// # Errors
/// [`TrainError`]: no text to go by, or all score the same.
pub fn normalised(
    model: Model,
    how: RewardNormalisation,
    demonstrations: &Examples,
    written: &mut dyn FnMut(u32) -> Result<Examples, TrainError>,
) -> Result<Scaled<Model>, TrainError> {
    /// Answers that centre a reward.
    const SAMPLES: u32 = 256;
    match how {
        RewardNormalisation::None => Ok(Scaled { reward: model, scale: RewardScale::default() }),
        RewardNormalisation::CentreOnDemonstrations => {
            let texts = demonstrations.select(0..demonstrations.len().min(CENTRE));
            now(async { Scaled::centred_on(model, texts.sequences()?).await })
        }
        RewardNormalisation::CentreOnReference => {
            let texts = written(SAMPLES)?;
            now(async { Scaled::centred_on(model, texts.sequences()?).await })
        }
        RewardNormalisation::Ziegler2019 { samples } => {
            let texts = written(samples)?;
            now(async { Scaled::ziegler2019(model, texts.sequences()?).await })
        }
    }
}
