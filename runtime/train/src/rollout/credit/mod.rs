//! Credit: the rewards of responses become the advantages of their tokens.

mod gae;
mod group;

pub(crate) use gae::StepRewards;
pub(crate) use group::{CreditedGroups, response_rewards, reward_parts};

use rlhf_core::advantage::{Whitening, whiten};
use rlhf_core::{Error, Rollouts};

/// Whitens the advantages over all response tokens.
pub(crate) fn whiten_advantages(rollouts: &mut Rollouts, whitening: &Whitening) -> Result<(), Error> {
    let loss_mask = rollouts.loss_mask();
    whiten(rollouts.columns_mut().advantages, &loss_mask, whitening)
}
