//! A scorer as the reward of training, and in the conformance kit.

use crate::{Error, Scorer};
use rlhf_core::Ragged;
use rlhf_core::roles::Reward;

impl Reward for Scorer<'_, '_> {
    type Error = Error;

    async fn score(&mut self, sequences: Ragged<'_>, out: &mut [f32]) -> Result<(), Error> {
        for ((tokens, _), out) in sequences.sequences().zip(out) {
            *out = self.score_tokens(tokens)?;
        }
        Ok(())
    }
}
