//! Step 2.

use super::passes::{Pass, Taken, passes};
use super::{Session, StageError, at};
use crate::engine::{EngineError, Member, Model, Scorer};
use crate::record::Phase;
use rlhf_core::maths::{Comparisons, RewardScale};
use rlhf_core::roles::Reward;
use rlhf_models::StepRule;
use rlhf_train::profile::{RewardLoss, RewardModel, RewardNormalisation};
use rlhf_train::{Examples, Ranking, Scaled, Solution, Step, TrainError, now};

/// What step 2 is run on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Judgements<'a> {
    /// Comparisons, for losses that learn from them.
    pub rankings: &'a [Ranking],
    /// Labels, for losses that learn from those.
    pub solutions: &'a [Solution],
    /// Comparisons for the pretraining that comes before, where the settings have one.
    pub before: &'a [Ranking],
    /// The token that ends a step, for a process reward model.
    pub step_end: u32,
    /// What an answer begins after, for the same.
    pub answer_after: &'a [u32],
}

/// Makes a reward model of `sft`, or an ensemble, has `scale` put its scores into units of reward, and
/// keeps it as `reward`. The members learn side by side, each with a head and an order of its own.
///
/// # Errors
/// [`StageError`].
pub fn reward_model(
    session: &mut Session<'_>,
    sft: &Model,
    judgements: Judgements<'_>,
    settings: &RewardModel,
    seed: u64,
    scale: &mut dyn FnMut(Member) -> Result<Scaled<Member>, TrainError>,
) -> Result<Scorer, StageError> {
    let (phase, name) = (Phase::Reward, "reward");
    let ensemble = settings.members();
    let seeds = (0..u64::from(ensemble.members)).map(|member| seed.wrapping_add(member));
    let deviation = settings.head.deviation(sft.architecture().width) as f32;
    let heads: Result<Vec<Model>, EngineError> =
        seeds.clone().map(|seed| sft.with_scalar_head(deviation, seed)).collect();
    let mut models = heads.map_err(|e| at(phase, 0)(TrainError::role("reward")(e)))?;
    if let Some(kept) = session.finished_scorer(name, &models)? {
        return Ok(kept);
    }
    let steps: Result<Vec<_>, TrainError> = seeds.map(|seed| steps(judgements, settings, seed)).collect();
    let done = passes(session, (phase, name), &mut models, SideBySide(steps.map_err(at(phase, 0))?), seed)?;
    let rule = match settings.loss {
        RewardLoss::Process(how) => {
            Some(StepRule { end: judgements.step_end, after: judgements.answer_after.to_vec(), how })
        }
        _ => None,
    };
    // Clones have no gradients and moments, which nothing needs any more.
    models = models.iter().map(Model::clone).collect();
    let scaled: Result<Vec<_>, _> =
        models.into_iter().map(|model| scale(Member::new(model, rule.clone()))).collect();
    let scorer = scaled.and_then(|members| Ok(Scorer::new(members, ensemble.how)?));
    let scorer = scorer.map_err(|error| session.failed(phase, done, error, []))?;
    session.finish_scorer(name, phase, &scorer)?;
    Ok(scorer)
}

/// One member's trainer.
fn steps<'a>(
    judgements: Judgements<'a>,
    settings: &RewardModel,
    seed: u64,
) -> Result<rlhf_train::RewardModel<'a>, TrainError> {
    let steps = if settings.loss.labels() {
        rlhf_train::RewardModel::labelled(judgements.solutions, settings, seed)?
    } else {
        rlhf_train::RewardModel::new(judgements.rankings, settings, seed)?
    };
    steps.pretrained_on(judgements.before, settings, seed)
}

/// The trainers of an ensemble, or the one.
struct SideBySide<'a>(Vec<rlhf_train::RewardModel<'a>>);

impl Pass<Vec<Model>> for SideBySide<'_> {
    fn after(self, steps: u64) -> Self {
        Self(self.0.into_iter().map(|member| member.after(steps)).collect())
    }

    fn step(&mut self, models: &mut Vec<Model>) -> Result<Option<Taken>, TrainError> {
        let mut mean: Option<Step> = None;
        let (n, mut seen) = (self.0.len() as f64, Comparisons::default());
        for (member, model) in self.0.iter_mut().zip(models) {
            let Some((step, of)) = now(member.step(model))? else { return Ok(None) };
            seen.merge(&of);
            let mean = mean.get_or_insert(Step { loss: 0.0, gradient: 0.0, ..step });
            mean.loss += step.loss / n;
            mean.gradient += step.gradient / n;
        }
        Ok(mean.map(|step| {
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
pub fn normalised<R: Reward<Error: 'static>>(
    reward: R,
    how: RewardNormalisation,
    demonstrations: &Examples,
    written: &mut dyn FnMut(u32) -> Result<Examples, TrainError>,
) -> Result<Scaled<R>, TrainError> {
    /// Answers that centre a reward.
    const SAMPLES: u32 = 256;
    match how {
        RewardNormalisation::None => Ok(Scaled { reward, scale: RewardScale::default() }),
        RewardNormalisation::CentreOnDemonstrations => {
            let texts = demonstrations.select(0..demonstrations.len().min(CENTRE));
            now(async { Scaled::centred_on(reward, texts.sequences()?).await })
        }
        RewardNormalisation::CentreOnReference => {
            let texts = written(SAMPLES)?;
            now(async { Scaled::centred_on(reward, texts.sequences()?).await })
        }
        RewardNormalisation::Ziegler2019 { samples } => {
            let texts = written(samples)?;
            now(async { Scaled::ziegler2019(reward, texts.sequences()?).await })
        }
    }
}
