//! The interface of all algorithms, so that one loop can drive any of them.

mod models;
mod on_policy;
mod ppo;
mod report;
mod rollouts;

pub use models::{AllRoles, LearningPolicy, Models};
pub use report::Report;
pub(crate) use rollouts::IterationPlan;
pub use rollouts::{Prompts, RolloutAlgorithm, RolloutTrainer};

use super::TrainError;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A learning algorithm, step by step: between two steps its driver can look, save or stop.
///
/// `N` is the type of the networks, `R` of the reward.
pub trait Trainer<N, R> {
    /// The state of a run, beside its networks.
    type State: Serialize + DeserializeOwned;

    /// Takes the next optimizer step or, of an algorithm that learns from rollouts, the next iteration; `None` at
    /// the end of the run.
    ///
    /// # Errors
    /// [`TrainError::Guard`] where a number is not finite or a guard stops the run; [`TrainError::Missing`] without a
    /// role that it needs; a role's own.
    fn iterate(
        &mut self,
        models: &mut Models<'_, N, R>,
    ) -> impl Future<Output = Result<Option<Report>, TrainError>>;

    /// The state of the run now.
    fn state(&self) -> Self::State;

    /// Continues after `done` steps or iterations, with the networks and their optimizers of that time.
    fn restore(&mut self, done: u64, state: Self::State);

    /// Turns the networks into those that are kept in the end. Called twice, it leaves them as they were.
    ///
    /// # Errors
    /// A role's own.
    fn finish(&mut self, _models: &mut Models<'_, N, R>) -> impl Future<Output = Result<(), TrainError>> {
        core::future::ready(Ok(()))
    }
}
