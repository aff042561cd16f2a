//! What all algorithms have in common: one loop can drive any of them.

mod models;
mod on_policy;
mod ppo;
mod report;
mod rollouts;

pub(crate) use models::required;
pub use models::{AllRoles, LearningPolicy, Models};
pub(crate) use on_policy::trio;
pub(crate) use ppo::{plan, swap_average};
pub use report::Report;
pub(crate) use rollouts::IterationPlan;
pub use rollouts::{Prompts, RolloutTrainer};

use super::TrainError;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A learning algorithm, step by step: between two of them its driver can look, save or stop.
///
/// `N` is the type of the networks, `R` of the reward.
pub trait Trainer<N, R> {
    /// What it has to remember beside the networks.
    type State: Serialize + DeserializeOwned;

    /// Takes the next optimizer step or, of an algorithm that learns from rollouts, iteration; `None` when all are
    /// done.
    ///
    /// # Errors
    /// [`TrainError::Guard`] where a number is not finite or a guard stops the run; [`TrainError::Missing`] without a
    /// role that it needs; a role's own.
    fn iterate(
        &mut self,
        models: &mut Models<'_, N, R>,
    ) -> impl Future<Output = Result<Option<Report>, TrainError>>;

    /// What it has to remember now.
    fn state(&self) -> Self::State;

    /// Goes on after so many steps or iterations that were taken before, by networks that remember theirs.
    fn restore(&mut self, done: u64, state: Self::State);

    /// Makes of the networks what is kept in the end. Called twice, it leaves them as they were.
    ///
    /// # Errors
    /// A role's own.
    fn finish(&mut self, _models: &mut Models<'_, N, R>) -> impl Future<Output = Result<(), TrainError>> {
        core::future::ready(Ok(()))
    }
}
