//! A call that samples.

use super::packed::PackedWeights;
use crate::weights::Weights;
use rlhf_core::Ragged;
use rlhf_core::random::Key;
use rlhf_core::sampling::{SamplingParams, StopCriteria};

/// The settings that every sequence of a call shares.
pub(crate) struct Request<'a> {
    pub(crate) weights: &'a Weights,
    pub(crate) packed: &'a PackedWeights,
    pub(crate) prompts: Ragged<'a>,
    pub(crate) sampling: &'a SamplingParams,
    pub(crate) stopping: &'a StopCriteria<'a>,
    pub(crate) key: Key,
    pub(crate) first: u32,
}
