//! A session as bytes, and back.

use super::{Error, Session, Settings, Vote};
use rlhf_core::network::OptimizerState;
use rlhf_core::rewards::RewardScale;
use rlhf_cpu::{Cpu, Model};
use rlhf_train::{NormalizedReward, PpoState};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// What a state begins with: its kind and version.
const MAGIC: &[u8] = b"rlhf session 1\n";

/// A session, but for the pretrained model, which comes from elsewhere.
#[derive(Serialize, Deserialize)]
struct State {
    /// Of the pretrained model, so that a state is not put on another.
    checksum: u32,
    seed: u64,
    settings: Settings,
    votes: Vec<Vote>,
    policy: Network,
    critic: Network,
    reward: Option<(Vec<f32>, RewardScale)>,
    ppo: Option<PpoState>,
}

/// Weights, and the optimizer's state of a network that learns.
#[derive(Serialize, Deserialize)]
struct Network {
    weights: Vec<f32>,
    optimizer: Option<Optimizer>,
}

#[derive(Serialize, Deserialize)]
struct Optimizer {
    first: Vec<f32>,
    second: Vec<f32>,
    steps: u32,
}

impl Network {
    fn of(model: &Model) -> Self {
        let optimizer = model.optimizer_state().map(|state| Optimizer {
            first: state.first.into_owned(),
            second: state.second.into_owned(),
            steps: state.steps,
        });
        Self { weights: model.weights().to_vec(), optimizer }
    }

    /// A network like `like` with these weights.
    fn model(self, like: &Model) -> Result<Model, Error> {
        let mut model = Model::from_weights(like.cpu(), like.architecture().clone(), self.weights)?;
        if let Some(Optimizer { first, second, steps }) = self.optimizer {
            let average: Cow<'_, [f32]> = Cow::Borrowed(&[]);
            let state = OptimizerState { first: first.into(), second: second.into(), average, steps };
            model.set_optimizer_state(state)?;
        }
        Ok(model)
    }
}

impl Session {
    fn checksum(&self) -> u32 {
        let bytes: Vec<u8> = self.pretrained.weights().iter().flat_map(|x| x.to_le_bytes()).collect();
        rlhf_scorer::checksum(&bytes)
    }

    /// The session as bytes: a session that [`Self::restore`]s them goes on with the same bits.
    ///
    /// # Errors
    /// None; memory can run out.
    pub fn save(&self) -> Result<Vec<u8>, Error> {
        let state = State {
            checksum: self.checksum(),
            seed: self.seed,
            settings: self.settings,
            votes: self.votes.clone(),
            policy: Network::of(&self.policy),
            critic: Network::of(&self.critic),
            reward: self.reward.as_ref().map(|reward| (reward.reward.weights().to_vec(), reward.scale)),
            ppo: self.ppo,
        };
        let bytes = postcard::to_extend(&state, MAGIC.to_vec());
        bytes.map_err(|e| Error::new("state", format!("cannot be saved: {e}")))
    }

    /// Goes on where another session of the same pretrained model was saved. On an error this one stays as it is.
    ///
    /// # Errors
    /// `state`: the bytes are damaged, of another version, or of another model.
    pub fn restore(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let other = |message: &str| Error::new("state", message);
        let body = bytes
            .strip_prefix(MAGIC)
            .ok_or_else(|| other("no saved session of this version: begin a new one"))?;
        let state: State =
            postcard::from_bytes(body).map_err(|_| other("the saved session is damaged: begin a new one"))?;
        if state.checksum != self.checksum() {
            return Err(other("the saved session is of another pretrained model: begin a new one"));
        }
        state.settings.validate()?;
        state.votes.iter().try_for_each(Vote::validate)?;
        let policy = state.policy.model(&self.pretrained)?;
        let critic = state.critic.model(&self.critic)?;
        let reward = match state.reward {
            Some((weights, scale)) => {
                let reward =
                    Model::from_weights(&Cpu::default(), self.critic.architecture().clone(), weights)?;
                Some(NormalizedReward { reward, scale })
            }
            None => None,
        };
        (self.policy, self.critic, self.reward, self.fit) = (policy, critic, reward, None);
        (self.settings, self.votes, self.ppo, self.seed) =
            (state.settings, state.votes, state.ppo, state.seed);
        Ok(())
    }
}
