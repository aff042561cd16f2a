//! Rewards.

use super::loaded::Network;
use super::{InferenceError, Loaded};
use crate::transcript::Transcripts;
use rlhf_core::roles::Reward;
use rlhf_core::{Ragged, ready};

/// What a response is worth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Worth {
    /// Its reward, as PPO is told it.
    pub reward: f32,
    /// The deviation of an ensemble's rewards; `None` of one model.
    pub disagreement: Option<f64>,
    /// Whether prompt or response was cut to what the model reads.
    pub cut: bool,
}

impl Loaded {
    /// The reward of a response to a prompt: the score after its end token, by gain and bias, as PPO
    /// is told it.
    ///
    /// # Errors
    /// As [`Self::judge`].
    pub fn score(&mut self, prompt: &str, response: &str) -> Result<f32, InferenceError> {
        self.judge(prompt, &[response])?.first().map(|worth| worth.reward).ok_or(InferenceError::Empty)
    }

    /// What each of several responses to one prompt is worth, in their order. Texts that are too long are cut as
    /// training cuts them, see [`Fit::answers`](rlhf_data::Fit::answers): all responses are to the same prompt.
    ///
    /// # Errors
    /// [`InferenceError::NoScalarHead`] of a language model, [`InferenceError::Empty`] where there is no token to
    /// read, [`InferenceError::Engine`] where the engine refuses.
    pub fn judge(&mut self, prompt: &str, responses: &[&str]) -> Result<Vec<Worth>, InferenceError> {
        let Network::Scores(scorer) = &mut self.network else {
            return Err(InferenceError::NoScalarHead { model: self.path.clone() });
        };
        let mut transcripts = Transcripts::new(&self.tokenizer, scorer.model().architecture().context);
        let (prompt, responses) = transcripts.answers(prompt, responses);
        let cut = transcripts.fitted().cut() > 0;
        let mut worth = Vec::with_capacity(responses.len());
        for response in responses {
            let tokens = [prompt.as_slice(), &response].concat();
            if tokens.is_empty() {
                return Err(InferenceError::Empty);
            }
            let (mut reward, ends) = ([0.0], [tokens.len()]);
            let texts = Ragged::new(&tokens, &ends)?;
            ready(scorer.score(texts, &mut reward)).ok_or(InferenceError::Waited)??;
            let seen = scorer.take_disagreement();
            let disagreement = (seen.texts > 0).then(|| seen.mean_deviation());
            worth.push(Worth { reward: reward[0], disagreement, cut });
        }
        Ok(worth)
    }
}
