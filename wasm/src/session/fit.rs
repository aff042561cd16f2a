//! A reward model that learns.

use rlhf_cpu::Model;
use rlhf_train::{Ranking, profile};

/// A reward model that learns.
#[derive(Debug)]
pub(super) struct Fit {
    pub model: Model,
    pub settings: profile::RewardModel,
    pub rankings: Vec<Ranking>,
    pub held_back: Vec<Ranking>,
    /// Prompts of the votes, on which the pretrained model's samples set the scale.
    pub prompts: Vec<Vec<u32>>,
    /// Steps taken.
    pub done: u64,
}
