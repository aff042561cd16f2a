//! A service that scores chat replies with a reward model: see README.md.

mod error;
mod messages;
mod metrics;
mod model;
mod queue;
mod serve;
mod service;
mod settings;
mod workers;

pub use error::{MessagesError, ServiceError, StartError};
pub use messages::{Content, Conversation, Message, Part, Role, ScoreRequest};
pub use metrics::{Alive, Metrics};
pub use model::RewardModel;
pub use queue::{PushError, Queue};
pub use serve::{ServeError, serve};
pub use service::{Service, router};
pub use settings::Settings;
pub use workers::{Job, Score, Workers};
