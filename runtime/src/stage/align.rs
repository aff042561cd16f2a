//! Step 3, whatever its method.

use super::{
    Measure, Prompts, Session, StageError, at, bandit, distillation, expert_iteration, ilql, kto, nlpo,
    on_policy, online, ppo, preferences, trpo,
};
use crate::engine::{Aligned, Model, Scorer};
use crate::record::Phase;
use rlhf_train::profile::{Method, Profile};
use rlhf_train::{Examples, Labelled, Logged, Pairs, Rewarded, TrainError};

/// What methods learn from beside prompts and a reward; each reads its own part, and the others may be empty.
#[derive(Clone, Debug, Default)]
pub struct Material {
    /// DPO's and its kin's.
    pub pairs: Pairs,
    /// KTO's.
    pub labelled: Labelled,
    /// The bandit's.
    pub logged: Logged,
    /// ILQL's.
    pub rewarded: Rewarded,
    /// What a student is taught on.
    pub texts: Examples,
    /// Who teaches it.
    pub teacher: Option<Model>,
}

/// Trains a policy from `sft` as `profile` says and keeps it as `policy`. `measure` is asked for further
/// figures after every iteration of a method that learns from rollouts.
///
/// # Errors
/// [`StageError`]; [`TrainError::Nothing`] within it where the method's part of `material` is empty.
pub fn align(
    session: &mut Session<'_>,
    profile: &Profile,
    (sft, reward): (&Model, &mut Scorer),
    on: Prompts<'_>,
    material: &Material,
    seed: u64,
    measure: &mut Measure<'_>,
) -> Result<Aligned, StageError> {
    let Material { pairs, labelled, logged, rewarded, texts, teacher } = material;
    Ok(match &profile.method {
        Method::Ppo => ppo(session, sft, reward, on, &profile.ppo, seed, measure)?.into(),
        Method::Nlpo(s) => nlpo(session, sft, reward, on, (s, &profile.ppo), seed, measure)?.into(),
        Method::OnPolicy(s) => on_policy(session, sft, reward, on, s, seed, measure)?.into(),
        Method::Trpo(s) => trpo(session, sft, reward, on, s, seed, measure)?.into(),
        Method::ExpertIteration(s) => expert_iteration(session, sft, reward, on, s, seed, measure)?.into(),
        Method::Online(s) => online(session, sft, reward, on, s, seed, measure)?.into(),
        Method::Preference(s) => preferences(session, sft, pairs, s, seed)?.into(),
        Method::Kto(s) => kto(session, sft, labelled, s, seed)?.into(),
        Method::Bandit(s) => bandit(session, sft, logged, s, seed)?.into(),
        Method::Distillation(s) => {
            let nobody = || at(Phase::Ppo, 0)(TrainError::Nothing { what: "teachers" });
            let teacher = teacher.as_ref().ok_or_else(nobody)?;
            distillation(session, sft, teacher, (texts, &on.stopping), s, seed)?.into()
        }
        Method::Ilql(s) => ilql(session, sft, rewarded, s, seed)?,
    })
}
