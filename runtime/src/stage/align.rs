//! Step 3, whatever its method.

use super::driver::{Measure, RolloutWatch, StagePlan, drive};
use super::{Session, StageError, at, ilql};
use crate::engine::with_dropout;
use crate::engine::{Aligned, Model, Scorer};
use crate::record::Phase;
use rlhf_train::profile::{self, CriticInit, Method, Profile};
use rlhf_train::{
    Bandit, Distil, Examples, Kto, Labeled, Logged, Models, Pairs, Preferences, Prompts, Rewarded,
    RolloutTrainer, TrainError, Trainer,
};

/// The stored data that methods learn from. Each method reads its own part, and the others may be empty.
#[derive(Clone, Debug, Default)]
pub struct TrainingData {
    /// The pairs of DPO and its kin.
    pub pairs: Pairs,
    /// The labels of KTO.
    pub labeled: Labeled,
    /// The log of the bandit.
    pub logged: Logged,
    /// The rewarded texts of ILQL.
    pub rewarded: Rewarded,
    /// The texts of distillation.
    pub texts: Examples,
    /// The teacher of distillation.
    pub teacher: Option<Model>,
}

/// The models and the data of step 3.
pub struct AlignInputs<'a> {
    /// The supervised model: the policy starts as a copy of it, and it is the reference.
    pub sft: &'a Model,
    /// The reward.
    pub reward: &'a mut Scorer,
    /// The prompts of rollouts.
    pub prompts: Prompts<'a>,
    /// Stored data.
    pub data: &'a TrainingData,
}

/// Trains a policy by the method of `profile` and keeps it as `policy`. `measure` adds figures after every iteration
/// of a method that learns from rollouts.
///
/// # Errors
/// [`StageError`]; [`TrainError::Nothing`] within it where the method's part of the data is empty.
pub fn align(
    session: &mut Session<'_>,
    profile: &Profile,
    inputs: AlignInputs<'_>,
    seed: u64,
    measure: Option<&mut Measure<'_>>,
) -> Result<Aligned, StageError> {
    let AlignInputs { sft, reward, prompts: on, data } = inputs;
    let TrainingData { pairs, labeled, logged, rewarded, texts, teacher } = data;
    let against = |reference: &Model| Some(reference.clone());
    let (context, ppo) = (sft.architecture().context, &profile.ppo);
    let run = Run { session, sft, seed };
    let watch = RolloutWatch { temperature: profile.temperature(), guards: on.guards, measure };
    let setup = RolloutSetup { reward, iterations: on.iterations, watch };
    let policy = match &profile.method {
        Method::Ppo => run.rollouts(setup, ppo.dropout, &["critic"], |models| {
            models.critic = Some(critic(ppo, sft, models, seed)?);
            RolloutTrainer::ppo(ppo, on, seed)
        })?,
        Method::Nlpo(s) => run.rollouts(setup, ppo.dropout, &["critic", "mask"], |models| {
            models.critic = Some(critic(ppo, sft, models, seed)?);
            models.others.push(models.policy.clone());
            RolloutTrainer::nlpo(s, ppo, context, on, seed)
        })?,
        Method::OnPolicy(s) => run.rollouts(setup, s.passes.dropout, &["sampler"], |models| {
            if s.stale > 0 {
                models.others.push(models.policy.clone());
            }
            RolloutTrainer::on_policy(s, on, seed)
        })?,
        Method::Trpo(s) => run.rollouts(setup, 0.0, &[], |_| RolloutTrainer::trust_region(s, on, seed))?,
        Method::ExpertIteration(s) => {
            run.rollouts(setup, s.passes.dropout, &[], |_| RolloutTrainer::expert_iteration(s, on, seed))?
        }
        Method::Online(s) => {
            run.rollouts(setup, s.passes.dropout, &[], |_| RolloutTrainer::online(s, context, on, seed))?
        }
        Method::Preference(s) => {
            run.passes(s.passes.dropout, against(sft), || Preferences::new(pairs, s, seed))?
        }
        Method::Kto(s) => run.passes(s.passes.dropout, against(sft), || Kto::new(labeled, s, seed))?,
        Method::Bandit(s) => run.passes(s.passes.dropout, None, || Bandit::new(logged, s, seed))?,
        Method::Distillation(s) => {
            let teacher = teacher.as_ref().and_then(against);
            run.passes(s.passes.dropout, teacher, || Distil::new(texts, &on.stopping, s, seed))?
        }
        Method::Ilql(s) => return ilql(session, sft, rewarded, s, seed),
    };
    Ok(policy.into())
}

/// A run that ends in one network.
struct Run<'r, 's> {
    session: &'r mut Session<'s>,
    sft: &'r Model,
    seed: u64,
}

/// The settings of a run that learns from rollouts.
struct RolloutSetup<'r, 'm> {
    reward: &'r mut Scorer,
    iterations: u32,
    watch: RolloutWatch<'r, 'm>,
}

impl Run<'_, '_> {
    /// Learns from rollouts. `others` are the names in checkpoints of the networks beside the policy.
    fn rollouts<T: Trainer<Model, Scorer>>(
        self,
        setup: RolloutSetup<'_, '_>,
        dropout: f64,
        others: &[&str],
        start: impl FnOnce(&mut Models<'_, Model, Scorer>) -> Result<T, TrainError>,
    ) -> Result<Model, StageError> {
        let RolloutSetup { reward, iterations, watch } = setup;
        if let Some(model) = self.session.finished_after("policy", self.sft, iterations.into())? {
            return Ok(model);
        }
        let mut models = self.models(dropout)?;
        (models.reference, models.reward) = (Some(self.sft.clone()), Some(reward));
        let trainer = start(&mut models).map_err(at(Phase::Ppo, 0))?;
        self.learn(models, trainer, others, Some(watch))
    }

    /// Learns in passes over stored data. `reference` is the reference or the teacher, where there is one.
    fn passes<T: Trainer<Model, Scorer>>(
        self,
        dropout: f64,
        reference: Option<Model>,
        start: impl FnOnce() -> Result<T, TrainError>,
    ) -> Result<Model, StageError> {
        if let Some(model) = self.session.finished("policy", self.sft)? {
            return Ok(model);
        }
        let models = Models { reference, ..self.models(dropout)? };
        let trainer = start().map_err(at(Phase::Ppo, 0))?;
        self.learn(models, trainer, &[], None)
    }

    /// The policy as it starts.
    fn models<'r>(&self, dropout: f64) -> Result<Models<'r, Model, Scorer>, StageError> {
        Ok(Models::new(with_dropout(self.sft, dropout, self.seed).map_err(at(Phase::Ppo, 0))?))
    }

    fn learn<T: Trainer<Model, Scorer>>(
        self,
        mut models: Models<'_, Model, Scorer>,
        mut trainer: T,
        others: &[&str],
        rollouts: Option<RolloutWatch<'_, '_>>,
    ) -> Result<Model, StageError> {
        let (Self { session, seed, .. }, phase) = (self, Phase::Ppo);
        let names = ["policy"].iter().chain(others).map(ToString::to_string).collect();
        let done = drive(session, StagePlan { phase, names, seed, rollouts }, &mut trainer, &mut models)?;
        let policy = with_dropout(&models.policy, 0.0, seed).map_err(at(phase, done))?;
        session.finish("policy", phase, policy)
    }
}

/// Returns PPO's critic as it starts.
fn critic(
    settings: &profile::Ppo,
    sft: &Model,
    models: &Models<'_, Model, Scorer>,
    seed: u64,
) -> Result<Model, TrainError> {
    let critic = match (settings.critic_init, &models.reward) {
        (CriticInit::RewardModel, Some(reward)) => reward.critic(),
        (CriticInit::RewardModel, None) => return Err(TrainError::Missing { role: "reward" }),
        (CriticInit::Policy(head), _) => {
            sft.with_scalar_head(head.deviation(sft.architecture().width) as f32, seed)
        }
    };
    with_dropout(&critic.map_err(TrainError::role("critic"))?, settings.dropout, seed)
}
