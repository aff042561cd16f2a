//! Rewards.

use super::{InferenceError, Loaded};
use crate::train::Scaled;
use rlhf_core::model::tokenizer::Tokenizer;
use rlhf_core::roles::Reward;
use rlhf_core::{Ragged, ready};

impl Loaded {
    /// The reward of a response to a prompt: the score after its end token, by gain and bias, as PPO
    /// is told it.
    ///
    /// # Errors
    /// [`InferenceError::NoScalarHead`]; [`InferenceError::Context`] for a text that is too long.
    pub fn score(&mut self, prompt: &str, response: &str) -> Result<f32, InferenceError> {
        self.scores()?;
        let context = self.policy.model.architecture().context;
        let mut tokens = self.begun(prompt);
        tokens.extend(self.tokenizer.encode_continuation(response));
        tokens.extend(self.tokenizer.eos());
        if tokens.is_empty() {
            return Err(InferenceError::Empty);
        }
        if tokens.len() > context {
            return Err(InferenceError::Context { tokens: tokens.len(), context });
        }
        let mut reward = Scaled { reward: self.policy.model.clone(), scale: self.scale };
        let mut out = [0.0];
        let ends = [tokens.len()];
        let texts = Ragged::new(&tokens, &ends)?;
        ready(reward.score(texts, &mut out)).ok_or(InferenceError::Waited)??;
        Ok(out[0])
    }
}
