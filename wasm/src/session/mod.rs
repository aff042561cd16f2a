//! What a page trains: a policy, its reference, a critic, a reward model, and the votes that they learn from.

mod error;
mod export;
mod fit;
mod generate;
mod iteration;
mod reward;
mod rule;
mod save;
mod settings;
#[cfg(test)]
mod tests;
mod text;
mod vote;

pub use error::Error;
pub use generate::{Inspection, Reply, Writing};
pub use iteration::{Iteration, Phases, Sample};
pub use reward::RewardStep;
pub use rule::{RewardRule, Term};
pub use settings::Settings;
pub use text::Token;
pub use vote::Vote;

use fit::Fit;
use rlhf_core::model::tokenizer::{AnyTokenizer, Tokenizer};
use rlhf_cpu::{Cpu, Model};
use rlhf_models::{Files, huggingface, tokenizer_in};
use rlhf_train::{NormalizedReward, PpoState};

/// A policy with all that trains it.
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use rlhf_wasm::{RewardRule, Session, Vote, Writing};
/// let names = ["config.json", "model.safetensors", "tokenizer.rlhf"];
/// let files = names.map(|name| (name, std::fs::read(name).unwrap()));
/// let mut session = Session::open(files, 0)?;
/// let replies = session.generate("One day", &Writing::default())?;
/// let answers = replies.into_iter().map(|reply| reply.text).collect();
/// session.vote(Vote { prompt: "One day".into(), answers, ranks: vec![1, 2] })?;
/// session.begin_reward()?;
/// while session.step_reward(8)?.is_some() {}
/// let iteration = session.iterate(&["One day".into()], &RewardRule::default())?;
/// println!("{:+.2}, {:.1} nats away", iteration.score, iteration.kl);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Session {
    tokenizer: AnyTokenizer,
    /// The reference, and what policy and reward model begin as.
    pretrained: Model,
    policy: Model,
    critic: Model,
    reward: Option<NormalizedReward<Model>>,
    /// The reward model that learns now.
    fit: Option<Fit>,
    votes: Vec<Vote>,
    settings: Settings,
    ppo: Option<PpoState>,
    seed: u64,
}

impl Session {
    /// Opens a pretrained language model from the files of its folder, by name.
    ///
    /// # Errors
    /// `model`: names the file and the tensor that is wrong.
    pub fn open<N: Into<String>>(
        files: impl IntoIterator<Item = (N, Vec<u8>)>,
        seed: u64,
    ) -> Result<Self, Error> {
        let files = Files::memory(files);
        let opened = huggingface::open(&files)?;
        if opened.architecture.scalar {
            return Err(Error::new("model", "it is a reward model: want a language model"));
        }
        let (weights, _) = opened.weights(&opened.architecture)?;
        let tokenizer = tokenizer_in(&files)?;
        Self::new(Model::from_weights(&Cpu::default(), opened.architecture, weights)?, tokenizer, seed)
    }

    /// Begins with a network.
    ///
    /// # Errors
    /// `model`: the tokenizer has more tokens than the network.
    pub fn new(pretrained: Model, tokenizer: AnyTokenizer, seed: u64) -> Result<Self, Error> {
        let (want, has) = (tokenizer.vocabulary(), pretrained.architecture().vocabulary);
        if want > has {
            let message =
                format!("the tokenizer has {want} tokens and the network {has}: they are of two models");
            return Err(Error::new("model", message));
        }
        Ok(Self {
            tokenizer,
            policy: pretrained.clone(),
            critic: pretrained.with_scalar_head(0.0, seed)?,
            pretrained,
            reward: None,
            fit: None,
            votes: Vec::new(),
            settings: Settings::default(),
            ppo: None,
            seed,
        })
    }

    /// The number of weights of the policy.
    pub fn parameters(&self) -> usize {
        self.pretrained.architecture().parameters()
    }

    /// The number of tokens.
    pub fn vocabulary(&self) -> usize {
        self.tokenizer.vocabulary()
    }

    /// The longest text, in tokens.
    pub fn context(&self) -> usize {
        self.pretrained.architecture().context
    }

    /// Iterations of PPO since the policy was reset.
    pub fn iteration(&self) -> u32 {
        self.ppo.map_or(0, |state| state.iteration)
    }

    /// The settings.
    pub fn settings(&self) -> Settings {
        self.settings
    }

    /// Replaces the settings: the next iteration has them.
    ///
    /// # Errors
    /// `setting`: names the one that is out of range; nothing is changed.
    pub fn set(&mut self, settings: Settings) -> Result<(), Error> {
        settings.validate()?;
        self.settings = settings;
        Ok(())
    }

    /// The votes, in their order.
    pub fn votes(&self) -> &[Vote] {
        &self.votes
    }

    /// Adds a vote.
    ///
    /// # Errors
    /// `vote`: it ranks fewer than two replies, or not all of them; `context`: a text is too long for the model.
    pub fn vote(&mut self, vote: Vote) -> Result<(), Error> {
        vote.validate()?;
        self.ranking(&vote)?;
        vote::add(&mut self.votes, vote)
    }

    /// Forgets all votes.
    pub fn clear_votes(&mut self) {
        self.votes.clear();
    }

    /// Begins again with the pretrained policy; votes, settings and reward model stay.
    ///
    /// # Errors
    /// None that a session that was opened can have.
    pub fn reset_policy(&mut self) -> Result<(), Error> {
        self.policy = self.pretrained.clone();
        self.critic = self.pretrained.with_scalar_head(0.0, self.seed)?;
        self.ppo = None;
        Ok(())
    }
}
