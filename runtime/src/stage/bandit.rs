//! Step 3 from the rewards of a log.

use super::passes::{Pass, Taken, learn};
use super::{Session, StageError};
use crate::engine::Model;
use rlhf_train::profile::BanditTraining;
use rlhf_train::{Bandit, Logged, TrainError, now};

/// Trains a policy from `sft` on logged rewards and keeps it as `policy`.
///
/// # Errors
/// [`StageError`].
pub fn bandit(
    session: &mut Session<'_>,
    sft: &Model,
    logged: &Logged,
    settings: &BanditTraining,
    seed: u64,
) -> Result<Model, StageError> {
    learn(session, sft, (settings.passes.dropout, seed), || Bandit::new(logged, settings, seed))
}

impl Pass for Bandit<'_> {
    fn after(self, steps: u64) -> Self {
        self.after(steps)
    }

    fn step(&mut self, model: &mut Model) -> Result<Option<Taken>, TrainError> {
        Ok(now(Bandit::step(self, model))?.map(|(step, seen)| {
            let actions = seen.actions.max(1) as f64;
            let mut more = vec![("reward", seen.rewards / actions), ("weight", seen.weights / actions)];
            more.extend(seen.effective_actions().map(|count| ("effective", count / actions)));
            Taken { step, more, told: format!("loss {:.3}", step.loss) }
        }))
    }
}
