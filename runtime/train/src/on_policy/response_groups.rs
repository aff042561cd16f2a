//! The data of a rollout in groups.

use crate::TrainError;
use alloc::vec::Vec;
use rlhf_core::Rollouts;

/// The responses of a rollout, those to a prompt next to each other, and their rewards.
pub(super) struct Groups {
    pub rollouts: Rollouts,
    /// One past the last response to each prompt.
    pub ends: Vec<usize>,
    /// The reward of each response, with penalties.
    pub rewards: Vec<f32>,
    /// The baseline of each prompt, where it is no function of the rewards.
    pub baselines: Vec<f32>,
}

impl Groups {
    /// Appends the groups of those indices of another rollout; each has `size` responses.
    pub(super) fn append(
        &mut self,
        from: &Self,
        indices: impl Iterator<Item = usize>,
        size: usize,
    ) -> Result<(), TrainError> {
        let mut responses = Vec::new();
        for i in indices {
            responses.extend(i * size..(i + 1) * size);
            self.rewards.extend_from_slice(&from.rewards[i * size..(i + 1) * size]);
            self.baselines.extend(from.baselines.get(i));
            self.ends.push(self.rewards.len());
        }
        Ok(self.rollouts.append(&from.rollouts, &responses)?)
    }
}
