//! Reinforcement learning from human feedback in a browser tab.
//!
//! What JavaScript calls is in `bindings`; the package's modules in `js` wrap it. [`Session`] is what a page trains: plain Rust,
//! which runs anywhere.

mod scorer;
#[cfg(feature = "train")]
mod session;
#[cfg(feature = "train")]
mod trainer;

pub use scorer::Scorer;
#[cfg(feature = "train")]
pub use session::{
    Error, Inspection, Iteration, Phases, Reply, RewardRule, RewardStep, Sample, Session, Settings, Term,
    Token, Vote, Writing,
};
#[cfg(feature = "train")]
pub use trainer::Trainer;
