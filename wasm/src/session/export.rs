//! What other programs read.

use super::{Error, Session, vote};
use rlhf_core::model::Architecture;
use rlhf_cpu::Model;
use rlhf_scorer::{NewModel, WeightFormat, write};

impl Session {
    /// The votes as JSON lines, which `rlhf reward` reads.
    pub fn votes_as_lines(&self) -> String {
        vote::to_lines(&self.votes)
    }

    /// Adds the votes of JSON lines, all or none; returns their number.
    ///
    /// # Errors
    /// `vote`: names the line; `context`: a text is too long for the model.
    pub fn add_votes(&mut self, lines: &str) -> Result<usize, Error> {
        let votes = vote::from_lines(lines)?;
        for (number, vote) in (1..).zip(&votes) {
            self.ranking(vote).map_err(|e| Error::new(e.code, format!("vote {number}: {e}")))?;
        }
        let added = votes.len();
        votes.into_iter().try_for_each(|vote| vote::add(&mut self.votes, vote))?;
        Ok(added)
    }

    /// The reward model as a file of `rlhf-scorer`, in int8.
    ///
    /// # Errors
    /// `votes`: there is none yet.
    pub fn reward_file(&self) -> Result<Vec<u8>, Error> {
        let Some(reward) = &self.reward else {
            return Err(Error::new("votes", "there is no reward model yet: vote, and train one"));
        };
        let architecture: &Architecture = reward.reward.architecture();
        let model = NewModel {
            architecture,
            weights: reward.reward.weights(),
            tokenizer: Some(&self.tokenizer),
            scale: reward.scale,
        };
        write(&model, WeightFormat::Int8, architecture.context)
            .map_err(|e| Error::new("model", e.to_string()))
    }

    /// The files of the policy, by name: a folder that `rlhf generate` reads.
    ///
    /// # Errors
    /// `model`: weights cannot be written.
    pub fn policy_files(&self) -> Result<Vec<(String, Vec<u8>)>, Error> {
        let model: &Model = &self.policy;
        Ok(rlhf_models::encode_model(model.architecture(), model.weights(), &self.tokenizer)?)
    }
}
