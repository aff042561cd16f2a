//! Learning from people before language models: small control tasks, simulated teachers or a person at the
//! keyboard, and the methods that came before, over the roles of `rlhf-core`.
//!
//! | method | the teacher's feedback | what learns | trainer |
//! |---|---|---|---|
//! | TAMER, Deep TAMER | good or bad, of the last steps | a value of each action: human reward | [`HumanReward`] |
//! | COACH | good or bad, of the last steps | the policy | [`Coaching`] |
//! | segment preferences | which of two clips is better | rewards, then the policy by PPO | [`Preferences`] |
//!
//! An observation in bins is a token, and so is an action: ids below [`Task::actions`] are actions, those
//! above are states. A step is a sequence of its own, state then action, since nothing before a state
//! matters; a trajectory or a clip is a run of such sequences. So a [`Table`] serves as the network, and
//! any model of a backend does.
//!
//! ```
//! use rlhf_control::{Experiment, Method, Simulated, Tasks};
//! let experiment = Experiment::new(Tasks::Grid, Method::Tamer, 1);
//! let mut teacher = Simulated::new(1);
//! let outcome = experiment.learn(&mut teacher, &mut |_| ())?;
//! assert!(outcome.mean_after() > outcome.mean_before() + 20.0);
//! # Ok::<(), rlhf_train::TrainError>(())
//! ```

mod act;
mod bins;
mod cart_pole;
mod coaching;
mod episode;
mod experiment;
mod grid;
mod human_reward;
mod mountain_car;
mod person;
mod preferences;
mod table;
mod task;
mod teacher;
mod update;

pub use act::{Step, Track};
pub use cart_pole::CartPole;
pub use coaching::{Coaching, CoachingSettings};
pub use episode::Episode;
pub use experiment::{Experiment, Method, Outcome, Tasks};
pub use grid::Grid;
pub use human_reward::{HumanReward, HumanRewardSettings, Replay};
pub use mountain_car::MountainCar;
pub use person::Person;
pub use preferences::{Preferences, PreferencesSettings, Round, Students};
pub use table::Table;
pub use task::{Task, Transition};
pub use teacher::{Judgment, Preference, Simulated, Teacher};
