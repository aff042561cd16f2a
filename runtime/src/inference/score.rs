//! Rewards.

use super::loaded::Network;
use super::{InferenceError, Loaded};
use rlhf_core::model::tokenizer::Tokenizer;
use rlhf_core::roles::Reward;
use rlhf_core::{Ragged, ready};

/// What a response is worth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Worth {
    /// Its reward, as PPO is told it.
    pub reward: f32,
    /// The deviation of an ensemble's rewards; `None` of one model.
    pub disagreement: Option<f64>,
}

impl Loaded {
    /// The reward of a response to a prompt: the score after its end token, by gain and bias, as PPO
    /// is told it.
    ///
    /// # Errors
    /// [`InferenceError::NoScalarHead`]; [`InferenceError::Context`] for a text that is too long.
    pub fn score(&mut self, prompt: &str, response: &str) -> Result<f32, InferenceError> {
        Ok(self.judge(prompt, response)?.reward)
    }

    /// The same, with how far an ensemble's members disagree.
    ///
    /// # Errors
    /// As [`Self::score`].
    pub fn judge(&mut self, prompt: &str, response: &str) -> Result<Worth, InferenceError> {
        let mut tokens = self.begun(prompt);
        tokens.extend(self.tokenizer.encode_continuation(response));
        tokens.extend(self.tokenizer.eos());
        let Network::Scores(scorer) = &mut self.network else {
            return Err(InferenceError::NoScalarHead { model: self.path.clone() });
        };
        let context = scorer.model().architecture().context;
        if tokens.is_empty() {
            return Err(InferenceError::Empty);
        }
        if tokens.len() > context {
            return Err(InferenceError::Context { tokens: tokens.len(), context });
        }
        let mut out = [0.0];
        let ends = [tokens.len()];
        let texts = Ragged::new(&tokens, &ends)?;
        ready(scorer.score(texts, &mut out)).ok_or(InferenceError::Waited)??;
        let seen = scorer.take_disagreement();
        Ok(Worth { reward: out[0], disagreement: (seen.texts > 0).then(|| seen.mean_deviation()) })
    }
}
