//! Step 2.

use super::driver::{StagePlan, drive};
use super::{Session, StageError, at};
use crate::engine::{EngineError, Member, Model, Scorer};
use crate::record::Phase;
use rlhf_core::rewards::RewardScale;
use rlhf_core::roles::Reward;
use rlhf_models::StepRule;
use rlhf_train::profile::{RewardLoss, RewardModel, RewardNormalization};
use rlhf_train::{Examples, Models, NormalizedReward, Ranking, SideBySide, Solution, TrainError, now};

/// The data of step 2.
#[derive(Clone, Copy, Debug, Default)]
pub struct Judgments<'a> {
    /// Comparisons, for losses that learn from them.
    pub rankings: &'a [Ranking],
    /// Labels, for losses that learn from them.
    pub solutions: &'a [Solution],
    /// Comparisons for the pretraining that comes before, where the settings have one.
    pub before: &'a [Ranking],
    /// The token that ends a step, for a process reward model.
    pub step_end: u32,
    /// The tokens after which an answer begins, for losses that learn from labels.
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
    judgments: Judgments<'_>,
    settings: &RewardModel,
    seed: u64,
    scale: &mut dyn FnMut(Member) -> Result<NormalizedReward<Member>, TrainError>,
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
    let trainers: Result<Vec<_>, _> = seeds.map(|seed| trainer(judgments, settings, seed)).collect();
    let mut trainer = SideBySide(trainers.map_err(at(phase, 0))?);
    let names =
        (1..=models.len()).map(|n| if n == 1 { name.into() } else { format!("{name}-{n}") }).collect();
    let others = models.split_off(1);
    let mut members = Models { others, ..Models::new(models.remove(0)) };
    let done = drive(session, StagePlan { phase, names, seed, rollouts: None }, &mut trainer, &mut members)?;
    let rule = match settings.loss {
        RewardLoss::Process(how) => {
            Some(StepRule { end: judgments.step_end, after: judgments.answer_after.to_vec(), how })
        }
        _ => None,
    };
    // Clones have no gradients and moments, which nothing needs any more.
    let models: Vec<Model> = members.learning().cloned().collect();
    let scaled: Result<Vec<_>, _> =
        models.into_iter().map(|model| scale(Member::new(model, rule.clone()))).collect();
    let scorer = scaled.and_then(|members| Ok(Scorer::new(members, ensemble.how)?));
    let scorer = scorer.map_err(|error| session.failed(phase, done, error, []))?;
    session.finish_scorer(name, phase, &scorer)?;
    Ok(scorer)
}

/// Returns the trainer of one member.
fn trainer<'a>(
    judgments: Judgments<'a>,
    settings: &RewardModel,
    seed: u64,
) -> Result<rlhf_train::RewardModel<'a>, TrainError> {
    let trainer = if settings.loss.labels() {
        rlhf_train::RewardModel::labeled(judgments.solutions, settings, seed)?
    } else {
        rlhf_train::RewardModel::new(judgments.rankings, settings, seed)?
    };
    trainer.pretrained_on(judgments.before, settings, seed)
}

/// Demonstrations that center a reward, at most.
const CENTRE: usize = 512;

/// Puts a reward model's scores into units of reward. `written(n)`: answers of the supervised model to
/// n training prompts, with them.
///
/// # Errors
/// [`TrainError`]: no text to go by, or all score the same.
pub fn normalized<R: Reward<Error: 'static>>(
    reward: R,
    how: RewardNormalization,
    demonstrations: &Examples,
    written: &mut dyn FnMut(u32) -> Result<Examples, TrainError>,
) -> Result<NormalizedReward<R>, TrainError> {
    /// Answers that center a reward.
    const SAMPLES: u32 = 256;
    match how {
        RewardNormalization::None => Ok(NormalizedReward { reward, scale: RewardScale::default() }),
        RewardNormalization::CenterOnDemonstrations => {
            let texts = demonstrations.select(0..demonstrations.len().min(CENTRE));
            now(async { NormalizedReward::centered_on(reward, texts.sequences()?).await })
        }
        RewardNormalization::CenterOnReference => {
            let texts = written(SAMPLES)?;
            now(async { NormalizedReward::centered_on(reward, texts.sequences()?).await })
        }
        RewardNormalization::Ziegler2019 { samples } => {
            let texts = written(samples)?;
            now(async { NormalizedReward::ziegler2019(reward, texts.sequences()?).await })
        }
    }
}
